package main

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"

	"sluis/audit"
	"sluis/cmd/sluis/config"
)

// auditCommand is `sluis audit verify|export|key`.
type auditCommand struct {
	Verify verifyCommand `cmd:"" help:"Verify the chain of the log, of this store or of an export."`
	Export exportCommand `cmd:"" help:"Write the log with its checkpoints as JSON lines."`
	Key    keyCommand    `cmd:"" help:"Print the public key that checkpoints are signed with."`
}

type verifyCommand struct {
	settings
	File string `arg:"" optional:"" help:"An export; without it, the store's own log." type:"existingfile"`
	Key  string `help:"Public key of the checkpoints, base64; without it, that of the data directory."`
}

func (v *verifyCommand) Run(ctx context.Context) error {
	c, err := v.load()
	if err != nil {
		return err
	}
	var report audit.Report
	if v.File != "" {
		report, err = v.file(c)
	} else {
		report, err = v.store(ctx)
	}
	if err != nil {
		return err
	}
	fmt.Println(report)
	if !report.OK() {
		return errors.New("the log does not verify")
	}
	return nil
}

// file verifies an export, offline.
func (v *verifyCommand) file(c config.Config) (audit.Report, error) {
	key, err := v.key(c)
	if err != nil {
		return audit.Report{}, err
	}
	f, err := os.Open(v.File)
	if err != nil {
		return audit.Report{}, err
	}
	defer f.Close()
	return audit.VerifyExport(f, key)
}

func (v *verifyCommand) key(c config.Config) (ed25519.PublicKey, error) {
	if v.Key == "" {
		return checkpointKey(c)
	}
	raw, err := base64.StdEncoding.DecodeString(v.Key)
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return nil, errors.New("--key is not a public key in base64")
	}
	return raw, nil
}

func (v *verifyCommand) store(ctx context.Context) (audit.Report, error) {
	a, err := v.openLog(ctx)
	if err != nil {
		return audit.Report{}, err
	}
	report, err := a.verifyLog(ctx)
	return report, errors.Join(err, a.close())
}

type exportCommand struct {
	settings
	Out string `help:"File to write; without it, standard output." type:"path"`
}

func (e *exportCommand) Run(ctx context.Context) error {
	a, err := e.openLog(ctx)
	if err != nil {
		return err
	}
	var out io.WriteCloser = os.Stdout
	if e.Out != "" {
		if out, err = os.OpenFile(e.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
			return errors.Join(err, a.close())
		}
	}
	checkpoints, err := a.store.Checkpoints(ctx)
	if err == nil {
		err = audit.WriteExport(out, a.chain(ctx), checkpoints)
	}
	return errors.Join(err, out.Close(), a.close())
}

type keyCommand struct{ settings }

func (k *keyCommand) Run() error {
	c, err := k.load()
	if err != nil {
		return err
	}
	key, err := checkpointKey(c)
	if err != nil {
		return err
	}
	fmt.Println(base64.StdEncoding.EncodeToString(key))
	return nil
}
