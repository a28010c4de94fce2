package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/oksai/oksai/handwritten/runtime/authn"
	"github.com/oksai/oksai/handwritten/runtime/signin/seal"
)

// build compiles a command of this module; args are go build's.
func (l *lab) build(ctx context.Context, command string, args ...string) (string, error) {
	binary := filepath.Join(l.dir, filepath.Base(command))
	args = append([]string{"build", "-o", binary}, append(args, "github.com/oksai/oksai/handwritten/"+command)...)
	if out, err := exec.CommandContext(ctx, "go", args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", command, err, out)
	}
	return binary, nil
}

// program is a server that runs as a process of its own.
type program struct {
	cmd     *exec.Cmd
	address string
}

// start runs a server on a free port until it takes connections. What it has to
// say is kept in a file beside its data.
func (l *lab) start(ctx context.Context, binary string, environ ...string) (program, error) {
	port, err := freePort()
	if err != nil {
		return program{}, err
	}
	log, err := os.Create(binary + ".log")
	if err != nil {
		return program{}, err
	}
	defer log.Close()
	p := program{exec.Command(binary), net.JoinHostPort("127.0.0.1", port)}
	p.cmd.Env = append(append(os.Environ(), environ...), "PORT="+port)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		return program{}, err
	}
	if err := p.awaitConnection(ctx); err != nil {
		return program{}, errors.Join(fmt.Errorf("%s: %w: %s", binary, err, text(log.Name())), p.stop())
	}
	return p, nil
}

func (p program) awaitConnection(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := net.Dial("tcp", p.address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return err
		}
	}
}

// stop ends the server in good order, or as its signal does where it knows none.
func (p program) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	err := p.cmd.Wait()
	if p.cmd.ProcessState.Sys().(syscall.WaitStatus).Signaled() {
		return nil
	}
	return err
}

func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	return port, err
}

// app is a running app with its settings as they are by default, except that its
// databases are the lab's. It keeps its Kafka and its Redis within itself.
type app struct {
	program
	db    stores
	keys  *authn.DevKeys
	admin string
}

const issuer, audience = "bench", "bench"

func (l *lab) startApp(ctx context.Context, name string) (*app, error) {
	binary, err := l.build(ctx, "apps/"+name, l.flags...)
	if err != nil {
		return nil, err
	}
	a := &app{}
	if a.db, err = l.database(ctx); err != nil {
		return nil, err
	}
	data, err := os.MkdirTemp(l.dir, "app-")
	if err != nil {
		return nil, err
	}
	if a.keys, err = authn.LoadDevKeys(filepath.Join(data, "key.pem")); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(data, "jwks.json"), a.keys.JWKS(), 0o600); err != nil {
		return nil, err
	}
	if a.admin, err = a.headers("operator", uuid.Nil, "PlatformAdmin"); err != nil {
		return nil, err
	}
	a.program, err = l.start(ctx, binary, "OKSAI_DATA="+data, "DATABASE_URL="+a.db.postgres, "CLICKHOUSE_URL="+a.db.clickhouse,
		"AUTH_JWKS_PATH="+filepath.Join(data, "jwks.json"), "AUTH_ISSUER="+issuer, "AUTH_AUDIENCE="+audience, "CURSOR_SECRET="+strings.Repeat("s", 32),
		"SIGNING_SECRET="+base64.StdEncoding.EncodeToString(make([]byte, seal.KeyBytes)))
	return a, err
}

// headers are those of a request by a user.
func (a *app) headers(user string, tenant uuid.UUID, role string) (string, error) {
	now := time.Now()
	token, err := a.keys.Issue(authn.Grant{
		Issuer: issuer, Audience: audience, NotBefore: now, Expiry: now.Add(time.Hour),
		Principal: authn.Principal{Subject: user, Tenant: tenant, Roles: []string{role}},
	})
	return "Content-Type: application/json\r\nAuthorization: Bearer " + token + "\r\n", err
}

// members opens tenants, on the plan that does not bound their calls, and returns the headers of one member of each.
func (a *app) members(count int) ([]string, error) {
	w := &wire{address: a.address}
	defer hangUp(w)
	members := make([]string, count)
	for i := range members {
		r, err := w.must(201, "POST", "/tenants", a.admin, fmt.Sprintf(`{"name": "Tenant %d", "slug": "tenant-%[1]d"}`, i))
		if err != nil {
			return nil, err
		}
		var tenant struct{ ID uuid.UUID }
		if err := json.Unmarshal(r.body, &tenant); err != nil {
			return nil, err
		}
		if _, err := w.must(200, "POST", "/tenants/"+tenant.ID.String()+"/change-plan", a.admin, `{"plan": "enterprise"}`); err != nil {
			return nil, err
		}
		if members[i], err = a.headers("someone", tenant.ID, "TenantMember"); err != nil {
			return nil, err
		}
	}
	return members, nil
}
