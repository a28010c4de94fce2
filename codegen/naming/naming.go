// Package naming turns the names of a spec into names of Go. All emitters for
// Go use it, so that a field is called the same wherever it appears.
package naming

import (
	"go/token"
	"slices"
	"strings"
	"unicode"
)

// initialisms are written in one case; ogen's list, so that the generated API
// and the domain agree.
var initialisms = []string{
	"ACL", "API", "ASCII", "AWS", "CPU", "CSS", "DNS", "EOF", "GB", "GUID",
	"HTML", "HTTP", "HTTPS", "ID", "IP", "JSON", "KB", "LHS", "MAC", "MB",
	"QPS", "RAM", "RHS", "RPC", "SLA", "SMTP", "SQL", "SSH", "SSO", "TLS",
	"TTL", "UI", "UID", "URI", "URL", "UTF8", "UUID", "VM", "XML", "XMPP",
	"XSRF", "XSS", "SMS", "CDN", "TCP", "UDP", "DC", "PFS", "P2P",
	"SHA256", "SHA1", "MD5", "SRP", "2FA", "PNG", "JPG", "GIF", "MP4", "WEBP",
}

// Go is the exported Go name of a snake_case, kebab-case, dotted or PascalCase
// name: started_at is StartedAt, job_id is JobID.
func Go(name string) string {
	var b strings.Builder
	for _, w := range words(name) {
		b.WriteString(title(w))
	}
	return b.String()
}

// Local is the unexported Go name: job_id is jobID, ID is id. A word of the
// language gets a trailing underscore.
func Local(name string) string {
	w := words(name)
	if len(w) == 0 {
		return ""
	}
	local := strings.ToLower(w[0])
	for _, rest := range w[1:] {
		local += title(rest)
	}
	if token.IsKeyword(local) {
		return local + "_"
	}
	return local
}

// Package is the name of the Go package for a module or app: demo-api is demoapi.
func Package(name string) string {
	return strings.ToLower(strings.Join(words(name), ""))
}

// Kebab is the name in lower case with hyphens: DailyJobs is daily-jobs.
func Kebab(name string) string { return strings.ToLower(strings.Join(words(name), "-")) }

// Snake is the name in lower case with underscores: DailyJobs is daily_jobs.
func Snake(name string) string { return strings.ToLower(strings.Join(words(name), "_")) }

// Words is the name as a person would say it: JOB_NOT_PENDING is job not pending.
func Words(name string) string { return strings.ToLower(strings.Join(words(name), " ")) }

func title(word string) string {
	upper := strings.ToUpper(word)
	if slices.Contains(initialisms, upper) {
		return upper
	}
	return upper[:1] + strings.ToLower(word[1:])
}

// words splits at separators and where a capital begins a word: JobID, HTTPServer and due_at have two each.
func words(name string) []string {
	var list []string
	var word []rune
	end := func() {
		if len(word) > 0 {
			list = append(list, string(word))
			word = nil
		}
	}
	runes := []rune(name)
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			end()
			continue
		case unicode.IsUpper(r) && i > 0 && startsWord(runes, i):
			end()
		}
		word = append(word, r)
	}
	end()
	return list
}

func startsWord(runes []rune, i int) bool {
	afterLower := unicode.IsLower(runes[i-1]) || unicode.IsDigit(runes[i-1])
	beforeLower := i+1 < len(runes) && unicode.IsLower(runes[i+1])
	return afterLower || beforeLower && unicode.IsUpper(runes[i-1])
}
