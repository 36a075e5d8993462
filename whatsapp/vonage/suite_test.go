package vonage

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"

	"carillon/whatsapp"
	"carillon/whatsapp/codes"
	"carillon/whatsapp/whatsapptest"
)

func verifyRS256(key *rsa.PublicKey, parts []string) error {
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return err
	}
	hash := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, hash[:], signature)
}

// TestSuite runs over v1 and over the beta.
func TestSuite(t *testing.T) {
	key, asPEM := newKey(t, 2048)
	settings := Settings{
		ApplicationID: application, PrivateKey: whatsapp.Secret(asPEM), Sender: sender, Namespace: namespace, SignatureSecret: secret,
	}
	_, small := newKey(t, 1024)
	public := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: must(x509.MarshalPKIXPublicKey(&key.PublicKey))}))
	suite := whatsapptest.Suite{
		Book: Book(), More: []codes.Meaning{noForm()}, Digits: true, Proof: signed(),
		Wrong: map[string][]string{
			"base_url":         nil,
			"application_id":   {"", "mine", application + "0", application + "\n"},
			"private_key":      {"", "not a key", public, small, strings.Replace(asPEM, "M", "", 3)},
			"sender":           {"", "+" + sender, "00" + sender, "4477 00900001", "mine"},
			"namespace":        {" ", "a:", ":a", "a b"},
			"signature_secret": {"", secret + "\n"},
		},
	}
	t.Run(Name, func(t *testing.T) {
		suite := suite
		suite.Spec, suite.Wire = Spec(), vonageWire{key: &key.PublicKey}
		suite.Settings = func(base string) whatsapp.Settings {
			s := settings
			s.BaseURL = base
			return &s
		}
		suite.Run(t)
	})
	t.Run(BetaName, func(t *testing.T) {
		suite := suite
		suite.Spec, suite.Wire = BetaSpec(), vonageWire{beta: true, key: &key.PublicKey}
		suite.Settings = func(base string) whatsapp.Settings {
			s := BetaSettings(settings)
			s.BaseURL = base
			return &s
		}
		suite.Wrong["namespace"] = append(suite.Wrong["namespace"], "")
		suite.Run(t)
	})
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
