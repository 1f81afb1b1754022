// Answers what Kubernetes' own CEL environment for AuthenticationConfiguration makes of expressions: JSON lines in, JSON lines out.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	celgo "github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	authenticationcel "k8s.io/apiserver/pkg/authentication/cel"
	"k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/lazy"
)

type question struct {
	Variable string          `json:"variable"`
	Source   string          `json:"source"`
	Input    json.RawMessage `json:"input"`
}

type answer struct {
	CompileError string `json:"compileError,omitempty"`
	Type         string `json:"type,omitempty"`
	// Absent when the value is no string, bool, number, null or list of such.
	Value any    `json:"value,omitempty"`
	Kind  string `json:"kind,omitempty"`
	Error string `json:"error,omitempty"`
}

// expression may have any type: what a rule or a mapping wants of it is looked at elsewhere.
type expression string

func (e expression) GetExpression() string      { return string(e) }
func (e expression) ReturnTypes() []*celgo.Type { return []*celgo.Type{celgo.AnyType} }

type userInfo struct {
	Username string              `json:"username"`
	UID      string              `json:"uid"`
	Groups   []string            `json:"groups"`
	Extra    map[string][]string `json:"extra"`
}

func main() {
	compiler := authenticationcel.NewDefaultCompiler()
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	out := bufio.NewWriter(os.Stdout)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		encoded, err := json.Marshal(ask(compiler, asked))
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(out, "%s\n", encoded)
		out.Flush()
	}
}

func ask(compiler authenticationcel.Compiler, asked question) (reply answer) {
	defer func() {
		if recovered := recover(); recovered != nil {
			reply.Error = fmt.Sprint("panic: ", recovered)
		}
	}()
	compile := compiler.CompileClaimsExpression
	if asked.Variable == "user" {
		compile = compiler.CompileUserExpression
	}
	compiled, err := compile(expression(asked.Source))
	if err != nil {
		return answer{CompileError: err.Error()}
	}
	reply.Type = compiled.AST.OutputType().String()
	value, err := evaluate(compiled, asked)
	if err != nil {
		reply.Error = err.Error()
		return reply
	}
	reply.Kind = value.Type().TypeName()
	reply.Value = plain(value)
	return reply
}

func evaluate(compiled authenticationcel.CompilationResult, asked question) (ref.Val, error) {
	results := []authenticationcel.CompilationResult{compiled}
	if asked.Variable == "user" {
		variable, err := userValue(asked.Input)
		if err != nil {
			return nil, err
		}
		evaluated, err := authenticationcel.NewUserMapper(results).EvalUser(context.Background(), variable)
		if err != nil {
			return nil, err
		}
		return evaluated[0].EvalResult, nil
	}
	variable, err := claimsValue(asked.Input)
	if err != nil {
		return nil, err
	}
	evaluated, err := authenticationcel.NewClaimsMapper(results).EvalClaimMapping(context.Background(), variable)
	if err != nil {
		return nil, err
	}
	return evaluated.EvalResult, nil
}

// plain is what oidc.go reads of a result: a list only where its convertCELValueToStringList can take it apart.
func plain(value ref.Val) any {
	switch typed := value.(type) {
	case types.String, types.Bool, types.Int, types.Uint, types.Bytes:
		return fmt.Sprint(typed.Value())
	case types.Double:
		return fmt.Sprint(float64(typed))
	case types.Null:
		return "null"
	}
	if value.Type().TypeName() != "list" {
		return nil
	}
	var elements []any
	switch typed := value.Value().(type) {
	case []any:
		elements = typed
	case []ref.Val:
		for _, one := range typed {
			elements = append(elements, one.Value())
		}
	default:
		return nil
	}
	texts := []string{}
	for _, one := range elements {
		text, ok := one.(string)
		if !ok {
			return "list of others"
		}
		texts = append(texts, text)
	}
	return texts
}

func claimsValue(input json.RawMessage) (*lazy.MapValue, error) {
	var claims map[string]json.RawMessage
	if err := json.Unmarshal(input, &claims); err != nil {
		return nil, err
	}
	variable := lazy.NewMapValue(types.NewObjectType("kubernetes.claims"))
	for name, data := range claims {
		variable.Append(name, func(_ *lazy.MapValue) ref.Val {
			var value any
			if err := json.Unmarshal(data, &value); err != nil {
				return types.WrapErr(err)
			}
			return unescaped(types.DefaultTypeAdapter.NativeToValue(value))
		})
	}
	return variable, nil
}

func userValue(input json.RawMessage) (*lazy.MapValue, error) {
	var user userInfo
	if err := json.Unmarshal(input, &user); err != nil {
		return nil, err
	}
	variable := lazy.NewMapValue(types.NewObjectType("kubernetes.UserInfo"))
	for name, value := range map[string]any{"username": user.Username, "uid": user.UID, "groups": user.Groups, "extra": user.Extra} {
		variable.Append(name, func(_ *lazy.MapValue) ref.Val {
			return unescaped(types.DefaultTypeAdapter.NativeToValue(value))
		})
	}
	return variable, nil
}

// The rest is oidc.go's own (plugin/pkg/authenticator/token/oidc), which exports none of it.

type unescapeMapper struct{ traits.Mapper }

func (m *unescapeMapper) Find(key ref.Val) (ref.Val, bool) {
	if name, ok := unescapedName(key); ok {
		key = name
	}
	value, ok := m.Mapper.Find(key)
	return unescaped(value), ok
}

type unescapeLister struct{ traits.Lister }

func (l *unescapeLister) Get(index ref.Val) ref.Val { return unescaped(l.Lister.Get(index)) }

func unescaped(value ref.Val) ref.Val {
	switch v := value.(type) {
	case traits.Mapper:
		return &unescapeMapper{Mapper: v}
	case traits.Lister:
		return &unescapeLister{Lister: v}
	default:
		return value
	}
}

func unescapedName(key ref.Val) (types.String, bool) {
	n, ok := key.(types.String)
	if !ok {
		return "", false
	}
	name, ok := cel.Unescape(string(n))
	if !ok || name == string(n) {
		return "", false
	}
	return types.String(name), true
}
