package pages

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed assets
var assets embed.FS

// assetPath is where the files that pages load are served.
const assetPath = "/assets/"

// hashes are the hashes of the files that pages load, by name.
func hashes() map[string]string {
	found := map[string]string{}
	entries, err := assets.ReadDir("assets")
	if err != nil {
		panic(err) // they are part of the program
	}
	for _, entry := range entries {
		content, err := assets.ReadFile("assets/" + entry.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(content)
		found[entry.Name()] = hex.EncodeToString(sum[:6])
	}
	return found
}

// assetURL is the address of a file, which changes with its content.
func assetURL(known map[string]string) func(name string) (string, error) {
	return func(name string) (string, error) {
		hash, ok := known[name]
		if !ok {
			return "", fmt.Errorf("there is no file %q", name)
		}
		extension := path.Ext(name)
		return assetPath + strings.TrimSuffix(name, extension) + "." + hash + extension, nil
	}
}

// Assets serves what pages load, to anybody. The addresses change with the
// contents, so a browser keeps them for a year.
func Assets() http.Handler {
	root, err := fs.Sub(assets, "assets")
	if err != nil {
		panic(err) // it is part of the program
	}
	files, known := http.FileServerFS(root), hashes()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name := range known {
			if address, err := assetURL(known)(name); err == nil && address == r.URL.Path {
				r = r.Clone(r.Context())
				r.URL.Path = "/" + name
				w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
				files.ServeHTTP(w, r)
				return
			}
		}
		http.NotFound(w, r)
	})
}
