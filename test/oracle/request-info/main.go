// Answers what kube-apiserver makes of a method and a request target: JSON lines in, JSON lines out.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/klog/v2"
)

type question struct {
	Method string `json:"method"`
	Target string `json:"target"`
}

type answer struct {
	// Why there is no info.
	Refused string `json:"refused,omitempty"`
	// Something of the info is not UTF-8, and stands here with replacement characters.
	Undecodable bool  `json:"undecodable,omitempty"`
	Info        *info `json:"info,omitempty"`
}

type info struct {
	IsResourceRequest bool   `json:"isResourceRequest"`
	Path              string `json:"path"`
	Verb              string `json:"verb"`
	APIGroup          string `json:"apiGroup"`
	APIVersion        string `json:"apiVersion"`
	Namespace         string `json:"namespace"`
	Resource          string `json:"resource"`
	Subresource       string `json:"subresource"`
	Name              string `json:"name"`
	FieldSelector     string `json:"fieldSelector"`
	LabelSelector     string `json:"labelSelector"`
}

func main() {
	klog.SetLogger(klog.Logger{}) // a query that can't be read is told in the log
	factory := &request.RequestInfoFactory{
		APIPrefixes:          sets.NewString("api", "apis"),
		GrouplessAPIPrefixes: sets.NewString("api"),
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		encoded, err := json.Marshal(ask(factory, asked))
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(out, "%s\n", encoded)
	}
}

func ask(factory *request.RequestInfoFactory, asked question) answer {
	text := asked.Method + " " + asked.Target + " HTTP/1.1\r\nHost: oracle\r\n\r\n"
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
	if err != nil {
		return answer{Refused: err.Error()}
	}
	got, err := factory.NewRequestInfo(req)
	if err != nil {
		return answer{Refused: err.Error()}
	}
	decodable := utf8.ValidString(got.Path + "\n" + got.FieldSelector + "\n" + got.LabelSelector)
	return answer{Undecodable: !decodable, Info: &info{
		IsResourceRequest: got.IsResourceRequest,
		Path:              got.Path,
		Verb:              got.Verb,
		APIGroup:          got.APIGroup,
		APIVersion:        got.APIVersion,
		Namespace:         got.Namespace,
		Resource:          got.Resource,
		Subresource:       got.Subresource,
		Name:              got.Name,
		FieldSelector:     got.FieldSelector,
		LabelSelector:     got.LabelSelector,
	}}
}
