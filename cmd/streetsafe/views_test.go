package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func TestAlertOptions_channels(t *testing.T) {
	secret, short := writeFile(t, "secret", "0123456789abcdef\n"), writeFile(t, "short", "abc")
	for _, c := range []struct {
		name string
		o    alertOptions
		n    int
		want string
	}{
		{"none", alertOptions{}, 0, ""},
		{"webhook", alertOptions{webhook: "https://example.org/hook", webhookSecret: secret}, 1, ""},
		{"both", alertOptions{webhook: "http://127.0.0.1:9/hook", webhookSecret: secret, smtp: "mail.example.org:587", from: "hub@example.org"}, 2, ""},
		{"webhook in the clear", alertOptions{webhook: "http://example.org/hook", webhookSecret: secret}, 0, "https"},
		{"webhook without a secret", alertOptions{webhook: "https://example.org/hook"}, 0, "missing"},
		{"a short secret", alertOptions{webhook: "https://example.org/hook", webhookSecret: short}, 0, "16"},
		{"mail without a port", alertOptions{smtp: "mail.example.org", from: "hub@example.org"}, 0, "HOST:PORT"},
		{"mail from nobody", alertOptions{smtp: "mail.example.org:587"}, 0, "--smtp-from"},
		{"mail without a password", alertOptions{smtp: "mail.example.org:587", from: "hub@example.org", user: "hub"}, 0, "missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.o.channels()
			if c.want == "" && (err != nil || len(got) != c.n) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%d channels, %v", len(got), err)
			}
		})
	}
}

// A view outlives the server, and a GeoPackage comes out of it.
func TestViews(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	url, stop := start(t, "demo", "--data", dir, "--reports", "2000")
	body := `{"name":"All","address":"","bbox":"-1,51,1,52","res":9,"alert":true}`
	r, err := http.Post(url+"/api/v1/views", "application/json", strings.NewReader(body)) //nolint:noctx // a test on loopback
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != http.StatusCreated {
		t.Fatalf("status %d", r.StatusCode)
	}
	if file := getBody(t, url+"/api/v1/export.gpkg?res=8&reason=for+QGIS"); !strings.HasPrefix(file, "SQLite format 3") || file[68:72] != "GPKG" {
		t.Errorf("no GeoPackage: %.80q", file)
	}
	stop()
	url, stop = start(t, "demo", "--data", dir)
	defer stop()
	var got struct{ Views []struct{ Name string } }
	if err := json.Unmarshal([]byte(getBody(t, url+"/api/v1/views")), &got); err != nil || len(got.Views) != 1 || got.Views[0].Name != "All" {
		t.Errorf("%+v, %v", got, err)
	}
}
