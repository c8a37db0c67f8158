// Reads age files with the library of those who specified the format.
//
//	agejudge generate          a new key: its identity and its recipient, a line each
//	agejudge decrypt IDENTITY  what that identity can read of the armored file on standard input
package main

import (
	"fmt"
	"io"
	"os"

	"filippo.io/age"
	"filippo.io/age/armor"
)

func main() {
	var err error
	switch {
	case len(os.Args) == 2 && os.Args[1] == "generate":
		err = generate()
	case len(os.Args) == 3 && os.Args[1] == "decrypt":
		err = decrypt(os.Args[2])
	default:
		err = fmt.Errorf("usage: agejudge generate | decrypt IDENTITY")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func generate() error {
	identity, err := age.GenerateX25519Identity()
	if err == nil {
		_, err = fmt.Printf("%s\n%s\n", identity, identity.Recipient())
	}
	return err
}

func decrypt(text string) error {
	identity, err := age.ParseX25519Identity(text)
	if err != nil {
		return err
	}
	content, err := age.Decrypt(armor.NewReader(os.Stdin), identity)
	if err == nil {
		_, err = io.Copy(os.Stdout, content)
	}
	return err
}
