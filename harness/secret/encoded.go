package secret

import (
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"
)

// shortest is how long a value must be to be looked for encoded: what encodes a
// shorter one stands in texts by chance.
const shortest = 6

// encoded are a value in hexadecimal and in base64, also as a part of what is
// encoded there, as a user and a password are by HTTP.
func encoded(v string) []string {
	if len(v) < shortest {
		return nil
	}
	digits := hex.EncodeToString([]byte(v))
	all := []string{digits, strings.ToUpper(digits)}
	for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range base64Group {
			all = append(all, within(alphabet, v, before))
		}
	}
	return all
}

const (
	base64Group = 3 // bytes that are encoded together
	base64Bits  = 6 // of a character
	byteBits    = 8
)

// within is what a value is encoded to behind some bytes of a group: the characters
// that depend on it alone.
func within(alphabet *base64.Encoding, v string, before int) string {
	text := alphabet.EncodeToString([]byte(strings.Repeat("\x00", before) + v))
	first := (before*byteBits + base64Bits - 1) / base64Bits
	last := (before + len(v)) * byteBits / base64Bits
	return text[first:last]
}

// lowerEscapes is an address' text with the digits of its escapes in small letters.
func lowerEscapes(escaped string) string {
	return regexp.MustCompile(`%[0-9A-F]{2}`).ReplaceAllStringFunc(escaped, strings.ToLower)
}
