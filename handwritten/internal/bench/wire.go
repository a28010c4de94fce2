package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
)

// wire is a kept-alive connection to a server. Go's own client costs as much CPU
// as the servers that are measured, and would hide much of what differs between
// them: this one has no pool, no goroutines and no time-outs.
type wire struct {
	address string
	conn    net.Conn // made for the first request: servers do not wait long for it
	in      *bufio.Reader
	out     bytes.Buffer
}

func newWires(address string, count int) []*wire {
	wires := make([]*wire, count)
	for i := range wires {
		wires[i] = &wire{address: address}
	}
	return wires
}

func hangUp(wires ...*wire) {
	for _, w := range wires {
		if w.conn != nil {
			w.conn.Close()
		}
	}
}

func (w *wire) connect() (err error) {
	if w.conn != nil {
		return nil
	}
	if w.conn, err = net.Dial("tcp", w.address); err == nil {
		w.in = bufio.NewReader(w.conn)
	}
	return err
}

// reply is what was answered; consistency is the token of a write.
type reply struct {
	status      int
	consistency string
	body        []byte
}

// ask sends one request and reads its answer. Headers end with a line break each.
func (w *wire) ask(method, path, headers, body string) (reply, error) {
	if err := w.connect(); err != nil {
		return reply{}, err
	}
	w.out.Reset()
	fmt.Fprintf(&w.out, "%s %s HTTP/1.1\r\nHost: bench\r\n%sContent-Length: %d\r\n\r\n%s", method, path, headers, len(body), body)
	if _, err := w.conn.Write(w.out.Bytes()); err != nil {
		return reply{}, err
	}
	return w.read()
}

func (w *wire) read() (reply, error) {
	r, err := http.ReadResponse(w.in, nil)
	if err != nil {
		return reply{}, err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	return reply{r.StatusCode, r.Header.Get("Oksai-Consistency"), body}, err
}

// must is ask for an answer that has to have a status.
func (w *wire) must(status int, method, path, headers, body string) (reply, error) {
	r, err := w.ask(method, path, headers, body)
	if err == nil && r.status != status {
		err = fmt.Errorf("%s %s was answered by %d, want %d: %s", method, path, r.status, status, r.body)
	}
	return r, err
}
