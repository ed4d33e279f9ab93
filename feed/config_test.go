package feed_test

import (
	"fmt"
	"strings"
	"testing"

	"sluis/feed"
)

func hospital() feed.Config {
	return feed.Config{
		Name: "hospital-epd", Custodian: "zh", Application: "EPD", Facility: "ZH",
		MessageTypes: []string{"ADT^A01", "ORU^*"},
	}
}

func ExampleFeeds_Sender() {
	feeds, err := feed.NewFeeds(feed.Config{
		Name: "hospital-epd", Custodian: "zh", Application: "EPD", Facility: "ZH",
		MessageTypes: []string{"ADT^A01", "ORU^*"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	c, known := feeds.Sender("EPD", "ZH")
	fmt.Println(known, c.Custodian, c.Allows("ORU", "R01"), c.Allows("ADT", "A40"))
	_, known = feeds.Sender("EPD", "ELDERS")
	fmt.Println(known)
	// Output:
	// true zh true false
	// false
}

func TestConfigErrorsNameEveryProblem(t *testing.T) {
	c := feed.Config{Name: "Bad Name", MessageTypes: []string{"ADT"}, Assigners: map[string]string{"ZH": "mrn"}}
	err := c.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"name is not", "custodian is missing", "application is missing", "facility is missing", `message types: "ADT" is not of the form`, `"mrn" is not an absolute URI`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not named in:\n%v", want, err)
		}
	}
}

func TestFeedsRefuseTwoWithOneSender(t *testing.T) {
	other := hospital()
	other.Name = "other"
	if _, err := feed.NewFeeds(hospital(), other); err == nil {
		t.Error("two feeds with one sender were accepted")
	}
	if _, err := feed.NewFeeds(hospital(), hospital()); err == nil {
		t.Error("two feeds with one name were accepted")
	}
}

func TestFeedWithoutMessageTypesIsRefused(t *testing.T) {
	c := hospital()
	c.MessageTypes = nil
	if c.Validate() == nil {
		t.Error("a feed that lists no message types was accepted")
	}
	if c.Allows("ADT", "A01") {
		t.Error("nothing listed must allow nothing")
	}
	if _, known := (feed.Feeds{}).Sender("EPD", "ZH"); known {
		t.Error("the zero Feeds knows a sender")
	}
}
