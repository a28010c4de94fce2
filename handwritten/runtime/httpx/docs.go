package httpx

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
	"time"
)

// docsFiles is a page that renders any OpenAPI document. It loads nothing from
// other hosts, so it works offline and under a strict content security policy.
//
//go:embed docs
var docsFiles embed.FS

const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"

func addDocs(pages map[string]http.Handler, openAPI []byte) {
	pages["/openapi.json"] = static("openapi.json", "application/json", openAPI)
	files, err := docsFiles.ReadDir("docs")
	if err != nil {
		panic(err) // embedded at build time
	}
	for _, f := range files {
		pages["/docs/"+f.Name()] = static(f.Name(), docsTypes[path.Ext(f.Name())], docsFile(f.Name()))
	}
	pages["/docs"] = pages["/docs/index.html"]
}

var docsTypes = map[string]string{".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}

func docsFile(name string) []byte {
	content, err := docsFiles.ReadFile("docs/" + name)
	if err != nil {
		panic(err)
	}
	return content
}

// static serves content that changes only with the binary; browsers ask whether it did.
func static(name, contentType string, content []byte) http.Handler {
	sum := sha256.Sum256(content)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-cache")
		h.Set("Content-Type", contentType)
		h.Set("ETag", tag)
		if strings.HasPrefix(contentType, "text/") {
			h.Set("Content-Security-Policy", docsPolicy)
		}
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
	})
}
