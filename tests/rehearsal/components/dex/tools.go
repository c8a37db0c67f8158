//go:build tools

// Package tools pins the Dex that the proofs of OIDC run. See ../../README.md.
package tools

import _ "github.com/dexidp/dex/cmd/dex"
