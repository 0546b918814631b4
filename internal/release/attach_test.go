package release_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streetsafe/streetsafe/internal/release"
)

// attached takes along one file of this text.
func attached(text *string) func(*release.Options) {
	return func(o *release.Options) {
		o.Attach = func(context.Context) ([]release.Attachment, error) {
			return []release.Attachment{{Name: "actions.csv", Body: []byte(*text)}}, nil
		}
	}
}

// What was done goes with a release as it was on the day of the freeze: it is in
// every release, is made again from the vault alone, and is part of what the
// commitment holds fast.
func TestFreezer_Attach(t *testing.T) {
	dir, text := t.TempDir(), "first"
	source := body(items(t, 3000, 5))
	b := builder(t, dir, source, attached(&text))
	if err := b.Build(t.Context(), h1); err != nil {
		t.Fatal(err)
	}
	before := tree(t, dir+"/public/2025-H1")
	text = "second"
	if err := b.Build(t.Context(), h2); err != nil {
		t.Fatal(err)
	}
	files := tree(t, dir+"/public")
	for name, want := range map[string]string{"2025-H1/actions.csv": "first", "2025-H2/actions.csv": "second", "2025-H2-12m/actions.csv": "second"} {
		if string(files[name]) != want {
			t.Errorf("%s holds %q, want %q", name, files[name], want)
		}
	}
	if !bytes.Contains(files["2025-H1/manifest.json"], []byte(`"actions.csv"`)) {
		t.Error("the manifest does not list it")
	}
	for name, was := range before {
		if !bytes.Equal(files["2025-H1/"+name], was) {
			t.Errorf("%s changed with the next release", name)
		}
	}
	// From the vault alone, by a builder that has nothing to attach.
	if err := os.RemoveAll(dir + "/public"); err != nil {
		t.Fatal(err)
	}
	bare := builder(t, dir, body(nil), nil)
	if err := bare.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, body := range tree(t, dir+"/public") {
		if !bytes.Equal(body, files[name]) {
			t.Errorf("%s is another when it is made again", name)
		}
	}
	checks, err := bare.VerifyRebuilt()
	if err != nil || len(checks) != 3 {
		t.Fatalf("%d checks, %v", len(checks), err)
	}
	outside, err := release.VerifyPublic(dir + "/public")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range append(checks, outside...) {
		if c.Err != nil {
			t.Errorf("%s, %s: %v", c.Release, c.What, c.Err)
		}
	}
	// A file of the vault that was changed, and a commit that was made to fit it.
	name := filepath.Join(dir, "vault", "2025-H1", "attached", "actions.csv")
	if err := os.WriteFile(name, []byte("third"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := bare.Datasets(); err == nil || !strings.Contains(err.Error(), "changed after it was frozen") {
		t.Errorf("a changed attachment: %v", err)
	}
	commit := filepath.Join(dir, "vault", "2025-H1", "commit.json")
	raw, err := os.ReadFile(commit)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(commit, bytes.Replace(raw, []byte(sha([]byte("first"))), []byte(sha([]byte("third"))), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := bare.Datasets(); err == nil || !strings.Contains(err.Error(), "commitment does not fit") {
		t.Errorf("a changed commit: %v", err)
	}
}

func TestFreezer_Attach_refuses(t *testing.T) {
	for name, give := range map[string]func(context.Context) ([]release.Attachment, error){
		"a failure": func(context.Context) ([]release.Attachment, error) { return nil, errors.New("no store") },
		"another file's name": func(context.Context) ([]release.Attachment, error) {
			return []release.Attachment{{Name: "cells.csv"}}, nil
		},
		"a place outside": func(context.Context) ([]release.Attachment, error) {
			return []release.Attachment{{Name: "../actions.csv"}}, nil
		},
		"the same name twice": func(context.Context) ([]release.Attachment, error) {
			return []release.Attachment{{Name: "actions.csv"}, {Name: "actions.csv"}}, nil
		},
	} {
		b := builder(t, t.TempDir(), body(nil), func(o *release.Options) { o.Attach = give })
		if err := b.Build(t.Context(), h1); err == nil {
			t.Errorf("%s: no error", name)
		}
		if halves, err := b.Vault.List(); err != nil || len(halves) != 0 {
			t.Errorf("%s: %v is frozen, %v", name, halves, err)
		}
	}
}
