package demodata

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Name is a Dutch name. Prefix stands before Family and is no part of its
// sorting: "van der" Linde.
type Name struct {
	Given          []string
	Prefix, Family string
}

// Surname is prefix and family name.
func (n Name) Surname() string { return strings.TrimSpace(n.Prefix + " " + n.Family) }

func (n Name) String() string { return strings.Join(n.Given, " ") + " " + n.Surname() }

// Address is a postal address in the Netherlands.
type Address struct{ Street, Number, PostalCode, City string }

// Line is street and number.
func (a Address) Line() string { return a.Street + " " + a.Number }

var (
	women = strings.Fields("Anna Eline Fenna Geertje Hanneke Ilse Jikke Marijke Nynke Renée Saskia Trijntje Wietske Yvonne Zoë Chloë")
	men   = strings.Fields("Arjen Bram Cornelis Douwe Evert Folkert Gijs Hidde Joost Klaas Maarten Ruben Sietse Teun André Daniël")

	families = []Name{
		{Prefix: "van der", Family: "Linde"}, {Prefix: "van den", Family: "Oever"}, {Prefix: "de", Family: "Ruiter"},
		{Prefix: "van", Family: "Waterland"}, {Prefix: "ter", Family: "Schuur"}, {Prefix: "van 't", Family: "Zand"},
		{Prefix: "in 't", Family: "Veld"}, {Prefix: "op de", Family: "Hoek"}, {Family: "Polderman"}, {Family: "Zeilstra"},
		{Family: "Brugman"}, {Family: "Kanaalwachter"}, {Family: "Veenhuis"}, {Family: "Dijkgraaf"}, {Family: "Coöpsen"},
		{Family: "Schippers"}, {Family: "Molenkamp"}, {Family: "Reünings"},
	}

	streets = strings.Split("Sluisstraat,Kanaalkade,Dijkweg,Waterlaan,Molenpad,Brugplein,Havensingel,Polderdreef,Kerkgracht,Weteringstraat", ",")
	cities  = strings.Split("Sluizerdam,Kadewoude,Nieuw-Polder,Waterhoeve,Dijkzicht,Oud-Kanaal", ",")
)

func pick[T any](rng *rand.Rand, list []T) T { return list[rng.IntN(len(list))] }

func name(rng *rand.Rand, female bool) Name {
	given := men
	if female {
		given = women
	}
	n := pick(rng, families)
	n.Given = []string{pick(rng, given)}
	if rng.IntN(3) == 0 {
		if second := pick(rng, given); second != n.Given[0] {
			n.Given = append(n.Given, second)
		}
	}
	return n
}

func address(rng *rand.Rand) Address {
	letters := "BCDEGHJK"
	return Address{
		Street:     pick(rng, streets),
		Number:     fmt.Sprint(1 + rng.IntN(180)),
		PostalCode: fmt.Sprintf("%d %c%c", 1000+rng.IntN(8999), letters[rng.IntN(len(letters))], letters[rng.IntN(len(letters))]),
		City:       pick(rng, cities),
	}
}

// born is a birth date that makes an adult of at most 90 years.
func born(rng *rand.Rand) time.Time {
	return time.Date(Until.Year()-20-rng.IntN(70), time.Month(1+rng.IntN(12)), 1+rng.IntN(28), 0, 0, 0, 0, time.UTC)
}

// MaxPatients is how many different numbers there are.
const MaxPatients = 5_000_000

// scatter spreads consecutive patients over the numbers. It has no factor in
// common with MaxPatients, so each patient keeps one number of his own.
const scatter = 3_141_593

// bsn is the citizen service number of patient i: unique, passing the 11-test
// (Σ 9·d1 … 2·d8 − d9 ≡ 0 mod 11), beginning with a 9. Of two neighbours that
// differ by one in d8 the sums differ by two, so one of them at least has a
// check digit below ten.
func bsn(seed uint64, i int) string {
	pair := (seed%MaxPatients + uint64(i)*scatter) % MaxPatients
	eight := 90_000_000 + 2*int(pair)
	check := checkDigit(eight)
	if check == 10 {
		eight++
		check = checkDigit(eight)
	}
	return fmt.Sprintf("%08d%d", eight, check)
}

func checkDigit(eight int) int {
	sum := 0
	for weight := 2; weight <= 9; weight++ {
		sum += weight * (eight % 10)
		eight /= 10
	}
	return sum % 11
}

// uzi is a number in the form of the UZI register, from a range of our own.
func uzi(i int) string { return fmt.Sprintf("%09d", 900_000_000+i) }
