package mail_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oksai/oksai/handwritten/runtime/mail"
	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/secret"
)

var message = mail.Message{To: "ann@example.com", Subject: "Hello", Text: secret.New("a token\nand more\n")}

const sent = "To: <ann@example.com>\r\nSubject: Hello\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\na token\r\nand more\r\n"

func TestAFolderKeepsMail(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "mail")
	for range 2 {
		if err := mail.Folder(dir).Send(t.Context(), message); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 2 {
		t.Fatalf("the folder has %v, %v", files, err)
	}
	content, err := os.ReadFile(files[0])
	if err != nil || !strings.HasSuffix(string(content), sent) {
		t.Errorf("kept %q, %v", content, err)
	}
	info, err := os.Stat(files[0])
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others can read it: %v, %v", info.Mode(), err)
	}
}

func TestNoHeaderIsSmuggledIn(t *testing.T) {
	t.Parallel()
	for _, m := range []mail.Message{
		{To: "ann@example.com\r\nBcc: eve@example.com", Subject: "Hello"}, {To: "ann@example.com", Subject: "Hello\r\nBcc: eve@example.com"}, {To: "ann"},
	} {
		if err := mail.Folder(t.TempDir()).Send(t.Context(), m); err == nil {
			t.Errorf("%+v was sent", m)
		}
	}
}

// serve is a mail server for one mail, which it returns.
func serve(t *testing.T) (address string, got chan string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	got = make(chan string, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		got <- converse(conn)
	}()
	return listener.Addr().String(), got
}

func converse(conn net.Conn) string {
	var all strings.Builder
	fmt.Fprint(conn, "220 test\r\n")
	lines, data := bufio.NewScanner(conn), false
	for lines.Scan() {
		line := lines.Text()
		all.WriteString(line + "\r\n")
		switch {
		case line == "QUIT":
			fmt.Fprint(conn, "221 bye\r\n")
			return all.String()
		case line == "DATA":
			data = true
			fmt.Fprint(conn, "354 go on\r\n")
		case !data || line == ".":
			data = false
			fmt.Fprint(conn, "250 good\r\n")
		}
	}
	return all.String()
}

func TestAServerGetsMail(t *testing.T) {
	t.Parallel()
	address, got := serve(t)
	mailer, err := mail.NewSMTP("smtp://"+address, "Oksai <oksai@example.com>")
	if err != nil {
		t.Fatal(err)
	}
	if err := mailer.Send(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	all := <-got
	for _, want := range []string{"MAIL FROM:<oksai@example.com>", "RCPT TO:<ann@example.com>", "From: \"Oksai\" <oksai@example.com>\r\n" + sent} {
		if !strings.Contains(all, want) {
			t.Errorf("the server got %q, without %q", all, want)
		}
	}
}

func TestAServerThatIsAway(t *testing.T) {
	t.Parallel()
	mailer, err := mail.NewSMTP("smtp://ann:hunter2@127.0.0.1:1", "oksai@example.com")
	if err != nil {
		t.Fatal(err)
	}
	err = mailer.Send(t.Context(), message)
	for _, err := range []error{err, (mail.Unset{}).Send(t.Context(), message)} {
		refused, ok := errors.AsType[*problem.Error](err)
		if !ok || refused.Status != 503 || strings.Contains(fmt.Sprintf("%v %+v", err, refused.Cause), "hunter2") {
			t.Errorf("sent with %v", err)
		}
	}
	for _, url := range []string{"https://ann:hunter2@mail:587", "smtp://ann:hunter2@mail", "smtp://ann:hunter2@:587", "smtp://ann:hunter2 @mail:1"} {
		if _, err := mail.NewSMTP(url, "oksai@example.com"); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", url, err)
		}
	}
}
