package embedded

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"strings"
)

// freePort finds a loopback port below the range from which systems take ports
// for outgoing connections. So nothing takes it by chance while its engine is
// being restarted.
func freePort() (int, error) {
	const first, count, tries = 20000, 12000, 50
	var failed error
	for range tries {
		n, err := rand.Int(rand.Reader, big.NewInt(count))
		if err != nil {
			return 0, err
		}
		port := first + int(n.Int64())
		listener, err := net.Listen("tcp4", loopback(port))
		if err == nil {
			return port, listener.Close()
		}
		failed = err
	}
	return 0, fmt.Errorf("embedded: no free port on loopback: %w", failed)
}

func loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// keptPassword is the random password kept in the file, made at the first call.
func keptPassword(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(text)), nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	password := rand.Text()
	return password, os.WriteFile(path, []byte(password+"\n"), 0o600)
}
