// Reads a PEM file of certificates and requests in turn (model, request made of it) and says for each pair, in a line, what
// Go's crypto/x509 makes of the request: the library with which authorities on Kubernetes read requests.
//
//	accepted ALGORITHM   it verifies and asks for what the model has
//	WRONG: WHY
package main

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"os"
)

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for model, rest := pem.Decode(text); model != nil; model, rest = pem.Decode(rest) {
		var request *pem.Block
		request, rest = pem.Decode(rest)
		fmt.Println(judge(model, request))
	}
}

func judge(modelBlock, requestBlock *pem.Block) string {
	model, err := x509.ParseCertificate(modelBlock.Bytes)
	if err != nil {
		return "WRONG: model: " + err.Error()
	}
	if requestBlock.Type != "CERTIFICATE REQUEST" {
		return "WRONG: label " + requestBlock.Type
	}
	request, err := x509.ParseCertificateRequest(requestBlock.Bytes)
	if err != nil {
		return "WRONG: " + err.Error()
	}
	if err := request.CheckSignature(); err != nil {
		return "WRONG: " + err.Error()
	}
	switch {
	case !bytes.Equal(model.RawSubject, request.RawSubject):
		return "WRONG: subject differs"
	case fmt.Sprint(model.DNSNames, model.IPAddresses) != fmt.Sprint(request.DNSNames, request.IPAddresses):
		return "WRONG: names differ"
	case fmt.Sprint(withoutKeyIdentifiers(model.Extensions)) != fmt.Sprint(request.Extensions):
		return "WRONG: extensions differ"
	}
	return "accepted " + request.SignatureAlgorithm.String()
}

func withoutKeyIdentifiers(all []pkix.Extension) []pkix.Extension {
	var extensions []pkix.Extension
	for _, extension := range all {
		if id := extension.Id.String(); id != "2.5.29.14" && id != "2.5.29.35" {
			extensions = append(extensions, extension)
		}
	}
	return extensions
}
