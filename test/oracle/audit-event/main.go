// Reads lines as Events of audit.k8s.io/v1, strictly, and writes them back as kube-apiserver's log backend does.
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"os"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	auditinternal "k8s.io/apiserver/pkg/apis/audit"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"k8s.io/apiserver/pkg/audit"
)

type question struct {
	Line string `json:"line"`
}

// Error is why the line is no Event; else Line is the Event as kube-apiserver would have written it.
type answer struct {
	Error string `json:"error"`
	Line  string `json:"line"`
}

var strict = serializer.NewCodecFactory(audit.Scheme, serializer.EnableStrict).UniversalDecoder(auditinternal.SchemeGroupVersion)

func read(line string) answer {
	object, _, err := strict.Decode([]byte(line), nil, nil)
	if err != nil {
		return answer{Error: err.Error()}
	}
	event, ok := object.(*auditinternal.Event)
	if !ok {
		return answer{Error: "no Event"}
	}
	written, err := runtime.Encode(audit.Codecs.LegacyCodec(auditv1.SchemeGroupVersion), event)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Line: string(written)}
}

func main() {
	in, out := bufio.NewReader(os.Stdin), json.NewEncoder(os.Stdout)
	decoder := json.NewDecoder(in)
	for decoder.More() {
		var one question
		if err := decoder.Decode(&one); err != nil {
			log.Fatal(err)
		}
		if err := out.Encode(read(one.Line)); err != nil {
			log.Fatal(err)
		}
	}
}
