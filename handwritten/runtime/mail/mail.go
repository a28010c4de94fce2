// Package mail sends what must be proved to reach somebody.
package mail

import (
	"context"
	"fmt"
	"net/mail"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"

	"github.com/oksai/oksai/handwritten/runtime/problem"
	"github.com/oksai/oksai/handwritten/runtime/secret"
)

// Message is one mail to one person.
type Message struct {
	To      string
	Subject string
	// Text is what a person reads. It may hold a secret, so it is never logged.
	Text secret.Text
}

// Mailer sends mail. Its errors do not quote the text.
type Mailer interface {
	Send(ctx context.Context, m Message) error
}

// bytes is the message as RFC 5322 wants it.
func (m Message) bytes(from string) ([]byte, error) {
	to, err := mail.ParseAddress(m.To)
	if err != nil || strings.ContainsAny(m.Subject, "\r\n") {
		return nil, fmt.Errorf("a mail has no usable address or subject: %w", err)
	}
	head := fmt.Sprintf("From: %s\r\nTo: %s\r\nSubject: %s\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n", from, to, m.Subject)
	return []byte(head + strings.ReplaceAll(m.Text.Reveal(), "\n", "\r\n")), nil
}

// Folder writes each mail into a file of its own, for development.
type Folder string

// Send implements Mailer. The newest file is the last by its name.
func (f Folder) Send(_ context.Context, m Message) error {
	content, err := m.bytes("oksai@localhost")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return fmt.Errorf("keep mail in a folder: %w", err)
	}
	name, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("keep mail in a folder: %w", err)
	}
	// Renamed when it is whole: who looks at the folder sees no half mail.
	path := filepath.Join(string(f), name.String()+".eml")
	if err := os.WriteFile(path+".part", content, 0o600); err != nil {
		return fmt.Errorf("keep mail in a folder: %w", err)
	}
	return os.Rename(path+".part", path)
}

// Unset stands where no mail server is configured.
type Unset struct{}

// Send implements Mailer: it says what to do.
func (Unset) Send(context.Context, Message) error {
	return problem.Unavailable("this needs mail, and no mail server is configured: an operator sets SMTP_URL and MAIL_FROM")
}
