package release

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
)

// Attachment is a file that goes with a release as it was on the day of the
// freeze: what was done about places. It is written by people and never counted
// from reports, so it spends no epsilon.
type Attachment struct {
	Name string // of the published file
	Body []byte
}

// AttachmentRecord is an attachment of a commit.
type AttachmentRecord struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// attachedDir is where the vault keeps the attachments of a half-year.
const attachedDir = "attached"

// attachmentName keeps attachments from taking the name of another file of a
// release, or a place outside of it.
var attachmentName = regexp.MustCompile(`^actions\.[a-z]{2,10}$`)

// attachments asks for the files that a freeze takes along.
func (f *Freezer) attachments(ctx context.Context) ([]Attachment, error) {
	if f.Attach == nil {
		return nil, nil
	}
	all, err := f.Attach(ctx)
	if err != nil {
		return nil, fmt.Errorf("freeze: what goes with the release: %w", err)
	}
	seen := map[string]bool{}
	for _, a := range all {
		if !attachmentName.MatchString(a.Name) || seen[a.Name] {
			return nil, fmt.Errorf("freeze: a file %q cannot go with a release", a.Name)
		}
		seen[a.Name] = true
	}
	return all, nil
}

func recordsOf(all []Attachment) []AttachmentRecord {
	var out []AttachmentRecord
	for _, a := range all {
		out = append(out, AttachmentRecord{a.Name, hashOf(a.Body)})
	}
	return out
}

// storeAttachments writes attachments into a draft of a release.
func storeAttachments(draft string, all []Attachment) error {
	if len(all) == 0 {
		return nil
	}
	dir := filepath.Join(draft, attachedDir)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	for _, a := range all {
		if err := writeSynced(filepath.Join(dir, a.Name), a.Body); err != nil {
			return err
		}
	}
	return syncDir(dir)
}

// loadAttachments reads what a commit names and checks it.
func (v *Vault) loadAttachments(h HalfYear, c Commit) ([]Attachment, error) {
	var out []Attachment
	for _, r := range c.Attachments {
		if !attachmentName.MatchString(r.Name) {
			return nil, errors.New("an attachment has no name of one")
		}
		b, err := os.ReadFile(filepath.Join(v.dir, h.String(), attachedDir, r.Name))
		if err != nil {
			return nil, err
		}
		if hashOf(b) != r.SHA256 {
			return nil, fmt.Errorf("%s was changed after it was frozen", r.Name)
		}
		out = append(out, Attachment{r.Name, bytes.Clone(b)})
	}
	slices.SortFunc(out, func(a, b Attachment) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
	return out, nil
}
