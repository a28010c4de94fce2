package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/smtp"
	"net/url"
	"time"

	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// sendTimeout bounds a conversation with the mail server.
const sendTimeout = 15 * time.Second

// SMTP sends by a mail server (RFC 5321), over TLS unless the server is on this machine.
type SMTP struct {
	server, host string
	auth         smtp.Auth
	from         *mail.Address
}

// NewSMTP reads smtp://user:password@host:587; from is an address as people
// write it. Its errors do not quote the URL.
func NewSMTP(rawURL, from string) (*SMTP, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Scheme != "smtp" || u.Hostname() == "" || u.Port() == "" {
		return nil, errors.New("the mail server's URL must look like smtp://user:password@host:587")
	}
	sender, err := mail.ParseAddress(from)
	if err != nil {
		return nil, fmt.Errorf("mail cannot come from %q: %w", from, err)
	}
	s := &SMTP{server: u.Host, host: u.Hostname(), from: sender}
	if password, ok := u.User.Password(); ok {
		s.auth = smtp.PlainAuth("", u.User.Username(), password, s.host)
	}
	return s, nil
}

// Send implements Mailer.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	content, err := m.bytes(s.from.String())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	if err := s.converse(ctx, m.To, content); err != nil {
		return problem.Unavailable("the mail could not be sent; retry shortly").Because(fmt.Errorf("send mail by %s: %w", s.server, err))
	}
	return nil
}

func (s *SMTP) converse(ctx context.Context, to string, content []byte) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.server)
	if err != nil {
		return err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return err
		}
	}
	client, err := smtp.NewClient(conn, s.host)
	if err != nil {
		return err
	}
	if err := s.secure(client); err != nil {
		return err
	}
	return deliver(client, s.from.Address, to, content)
}

func (s *SMTP) secure(client *smtp.Client) error {
	ip := net.ParseIP(s.host)
	if ip == nil || !ip.IsLoopback() {
		if err := client.StartTLS(&tls.Config{ServerName: s.host, MinVersion: tls.VersionTLS12}); err != nil {
			return err
		}
	}
	if s.auth == nil {
		return nil
	}
	return client.Auth(s.auth)
}

func deliver(client *smtp.Client, from, to string, content []byte) error {
	if err := client.Mail(from); err != nil {
		return err
	}
	if err := client.Rcpt(to); err != nil {
		return err
	}
	w, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(content); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return client.Quit()
}
