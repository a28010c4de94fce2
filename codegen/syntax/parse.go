package syntax

import (
	"errors"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/oksai/oksai/codegen/diag"
)

// Parse reads one file. It returns nil when the file is not YAML or holds no
// mapping; the list then says why.
func Parse(file string, source []byte, diags *diag.List) *Node {
	parsed, err := parser.ParseBytes(source, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		diags.Errorf(errorPos(file, err), "bad-yaml", "this is not YAML: %s", firstLine(err))
		return nil
	}
	b := builder{file: file, diags: diags}
	var root *Node
	for _, doc := range parsed.Docs {
		switch {
		case doc.Body == nil:
		case root != nil:
			diags.Errorf(b.pos(doc.Body.GetToken()), "bad-yaml", "a spec file holds one document").
				WithHint("put the second document into a file of its own")
		default:
			root = b.node(doc.Body)
		}
	}
	if root == nil || root.Kind != Mapping {
		diags.Errorf(diag.Pos{File: file}, "empty-spec", "the file says nothing").
			WithHint("begin with `module: <name>`, or remove the file")
		return nil
	}
	return root
}

func errorPos(file string, err error) diag.Pos {
	var syntaxError *yaml.SyntaxError
	if errors.As(err, &syntaxError) && syntaxError.Token != nil {
		p := syntaxError.Token.Position
		return diag.Pos{File: file, Line: p.Line, Col: p.Column}
	}
	return diag.Pos{File: file}
}

// firstLine is the message without the parser's own listing of the source.
func firstLine(err error) string {
	var syntaxError *yaml.SyntaxError
	if errors.As(err, &syntaxError) {
		return syntaxError.Message
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// builder turns the parser's tree into nodes.
type builder struct {
	file  string
	diags *diag.List
}

func (b builder) pos(t *token.Token) diag.Pos {
	return diag.Pos{File: b.file, Line: t.Position.Line, Col: t.Position.Column}
}

func (b builder) node(n ast.Node) *Node {
	pos := b.pos(n.GetToken())
	switch n := n.(type) {
	case *ast.MappingNode:
		return b.mapping(n)
	case *ast.SequenceNode:
		seq := &Node{Kind: Sequence, Pos: pos}
		for _, item := range n.Values {
			seq.Items = append(seq.Items, b.node(item))
		}
		return seq
	case *ast.NullNode:
		return &Node{Kind: Null, Pos: pos, TextPos: pos}
	case *ast.LiteralNode:
		text := b.pos(n.Value.GetToken())
		return &Node{Pos: pos, TextPos: text, Text: strings.TrimRight(n.Value.Value, "\n"), Quoted: true}
	case *ast.StringNode:
		return b.text(n.Token, n.Value)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return b.text(n.GetToken(), n.GetToken().Value)
	default:
		b.diags.Errorf(pos, "bad-yaml", "anchors, aliases, tags and merge keys are not part of the language").
			WithHint("write the value out")
		return &Node{Kind: Null, Pos: pos, TextPos: pos}
	}
}

func (b builder) text(t *token.Token, value string) *Node {
	n := &Node{Pos: b.pos(t), TextPos: b.pos(t), Text: value}
	if t.Type == token.SingleQuoteType || t.Type == token.DoubleQuoteType {
		n.Quoted = true
		n.TextPos.Col++
	}
	return n
}

func (b builder) mapping(n *ast.MappingNode) *Node {
	m := &Node{Kind: Mapping, Pos: b.pos(n.GetToken())}
	if !n.IsFlowStyle && len(n.Values) > 0 {
		m.Pos = b.pos(n.Values[0].Key.GetToken()) // a block's own token is its first colon
	}
	seen := map[string]diag.Pos{}
	for _, v := range n.Values {
		key := b.node(v.Key)
		if first, twice := seen[key.Text]; twice {
			b.diags.Errorf(key.Pos, "duplicate-key", "%q is said twice", key.Text).WithRelated(first, "first said here")
			continue
		}
		seen[key.Text] = key.Pos
		m.Entries = append(m.Entries, Entry{Key: key.Text, Pos: key.Pos, Value: b.node(v.Value)})
	}
	return m
}
