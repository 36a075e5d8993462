package web

import (
	"bytes"
	"io"
	"mime/multipart"
	"strings"
	"testing"
)

// takeMedia has files taken, as name and content one after the other.
func takeMedia(t *testing.T, m *media, files ...string) error {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i < len(files); i += 2 {
		part, err := form.CreateFormFile("media", files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(part, files[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.remove)
	for parts := multipart.NewReader(&body, form.Boundary()); ; {
		part, err := parts.NextPart()
		if err != nil {
			return nil //nolint:nilerr // it is the end
		}
		if err := m.take(part); err != nil {
			return err
		}
	}
}

func TestMediaOfAnUpload(t *testing.T) {
	t.Parallel()
	var one, other, different media
	for _, err := range []error{
		takeMedia(t, &one, "a.jpg", "first", "pictures/é b.jpg", "second"),
		takeMedia(t, &other, "./pictures/é b.jpg", "second", "a.jpg", "first"),
		takeMedia(t, &different, "a.jpg", "second", "pictures/é b.jpg", "first"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"a.jpg": "first", "pictures/é b.jpg": "second"} {
		file, err := one.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(file); err != nil || string(got) != want {
			t.Errorf("%s holds %q, %v", name, got, err)
		}
	}
	if _, err := one.Open("b.jpg"); err == nil {
		t.Error("a file that did not come was opened")
	}
	if !bytes.Equal(one.sum(), other.sum()) || bytes.Equal(one.sum(), different.sum()) || len(new(media).sum()) != 0 {
		t.Error("the sums do not tell uploads with other files apart")
	}
}

func TestMediaThatIsRefused(t *testing.T) {
	t.Parallel()
	for want, files := range map[string][]string{
		"two files": {"a.jpg", "x", "a.jpg", "y"}, "filename": {"../a.jpg", "x"}, `filename "/etc/x"`: {"/etc/x", "x"},
	} {
		if err := takeMedia(t, new(media), files...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %s", files, err, want)
		}
	}
}
