package embedded

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// nobody is the id of the account without rights.
const nobody = 65534

// account is another user under which a child runs. PostgreSQL refuses to run
// as root. A nil account stands for our own user.
type account struct{ uid, gid uint32 }

// accountFor is the user that runs what keeps its data in dir: ourselves; or
// when we are root, the folder's owner; or when that is root too, nobody.
func accountFor(dir string) (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("embedded: owner of %s: %w", dir, err)
	}
	if owner := info.Sys().(*syscall.Stat_t); owner.Uid != 0 {
		return &account{owner.Uid, owner.Gid}, nil
	}
	return &account{nobody, nobody}, nil
}

// own hands the files over to the account.
func (a *account) own(paths ...string) error {
	if a == nil {
		return nil
	}
	for _, path := range paths {
		if err := os.Chown(path, int(a.uid), int(a.gid)); err != nil {
			return fmt.Errorf("embedded: hand over to user %d: %w", a.uid, err)
		}
	}
	return nil
}

// enter lets cmd run as the account and returns the path under which it finds
// dir. Another user may be unable to reach dir by its name, below a home folder
// for example, so it gets dir as an open file.
func (a *account) enter(cmd *exec.Cmd, dir string) (string, error) {
	if a == nil {
		return dir, nil
	}
	file, err := os.Open(dir)
	if err != nil {
		return "", fmt.Errorf("embedded: open folder of %s: %w", cmd.Path, err)
	}
	cmd.ExtraFiles = []*os.File{file} // the child package closes it; the child's first extra file has number 3
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: a.uid, Gid: a.gid}}
	return "/proc/self/fd/3", nil
}
