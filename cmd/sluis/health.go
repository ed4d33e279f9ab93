package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// healthCommand is `sluis health URL`, for images without curl.
type healthCommand struct {
	URL string `arg:"" help:"URL of /readyz." default:"http://127.0.0.1:8080/readyz"`
}

func (h *healthCommand) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.URL, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", h.URL, resp.Status)
	}
	return nil
}
