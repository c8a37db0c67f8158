// Reads a PEM file of certificates in threes (authority, model, certificate made of the model) and says for each
// three, in a line, what Go's crypto/x509 makes of it: the library with which Kubernetes reads certificates. With the
// word "rebuilt" behind the file, the key may be another one, and the extensions may stand in another order.
//
//	accepted      both verify
//	refused: WHY  the model does not parse or verify, so nothing is asked of the other
//	WRONG: WHY    the model is fine and the other is not, or not the same
package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"sort"
)

var rebuilt bool

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	rebuilt = len(os.Args) > 2 && os.Args[2] == "rebuilt"
	var three [][]byte
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		three = append(three, block.Bytes)
		if len(three) == 3 {
			fmt.Println(judge(three[0], three[1], three[2]))
			three = nil
		}
	}
}

func judge(authorityDER, modelDER, newDER []byte) string {
	authority, err := x509.ParseCertificate(authorityDER)
	if err != nil {
		return "refused: authority: " + err.Error()
	}
	model, err := verified(authority, modelDER)
	if err != nil {
		return "refused: " + err.Error()
	}
	again, err := verified(authority, newDER)
	if err != nil {
		return "WRONG: " + err.Error()
	}
	switch {
	case !bytes.Equal(model.RawSubject, again.RawSubject):
		return "WRONG: subject differs"
	case !rebuilt && !bytes.Equal(model.RawSubjectPublicKeyInfo, again.RawSubjectPublicKeyInfo):
		return "WRONG: public key differs"
	case fmt.Sprint(withoutKeyIdentifier(model)) != fmt.Sprint(withoutKeyIdentifier(again)):
		return "WRONG: extensions differ"
	case len(again.AuthorityKeyId) != 0 && !bytes.Equal(again.AuthorityKeyId, authority.SubjectKeyId):
		return "WRONG: authority key identifier is not the authority's"
	case model.SerialNumber.Cmp(again.SerialNumber) == 0:
		return "WRONG: the same serial number"
	}
	return "accepted"
}

func verified(authority *x509.Certificate, der []byte) (*x509.Certificate, error) {
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	// Unknown critical extensions are part of the test, and not Go's to understand.
	certificate.UnhandledCriticalExtensions = nil
	roots := x509.NewCertPool()
	roots.AddCert(authority)
	_, err = certificate.Verify(x509.VerifyOptions{
		Roots:       roots,
		CurrentTime: certificate.NotAfter,
		KeyUsages:   []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	return certificate, err
}

// The one extension that may change; its own check is above.
func withoutKeyIdentifier(certificate *x509.Certificate) []string {
	var extensions []string
	for _, extension := range certificate.Extensions {
		if extension.Id.String() != "2.5.29.35" {
			extensions = append(extensions, fmt.Sprint(extension))
		}
	}
	if rebuilt {
		sort.Strings(extensions)
	}
	return extensions
}
