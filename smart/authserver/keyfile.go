package authserver

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// privateDir makes the folder for its owner alone, or proves that it is so.
func privateDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); !info.IsDir() || mode&0o077 != 0 {
		return fmt.Errorf("authserver: the key folder has mode %04o; others must not reach it (0700)", mode)
	}
	return nil
}

// privateFile returns the bytes of a PEM block of that kind, made and written
// first where the file is absent.
func privateFile(path, kind string, create func() ([]byte, error)) ([]byte, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = createFile(path, kind, create); err == nil {
			info, err = os.Lstat(path)
		}
	}
	if err != nil {
		return nil, err
	}
	name := filepath.Base(path)
	if mode := info.Mode(); !mode.IsRegular() || mode.Perm()&0o077 != 0 {
		return nil, fmt.Errorf("authserver: %s has mode %s; want a plain file for its owner alone (0600)", name, mode)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, rest := pem.Decode(text)
	if block == nil || block.Type != kind || len(rest) != 0 {
		return nil, fmt.Errorf("authserver: %s is not one PEM block of type %s", name, kind)
	}
	return block.Bytes, nil
}

// createFile writes the file whole or not at all and never over another one:
// of two processes that start together, one wins and both read its key.
func createFile(path, kind string, create func() ([]byte, error)) error {
	content, err := create()
	if err != nil {
		return err
	}
	draft, err := os.CreateTemp(filepath.Dir(path), ".draft-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	err = pem.Encode(draft, &pem.Block{Type: kind, Bytes: content})
	if err := errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return err
	}
	if err := os.Link(draft.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the new name itself survive a crash.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
