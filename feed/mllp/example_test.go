package mllp_test

import (
	"context"
	"fmt"
	"net"

	"sluis/feed"
	"sluis/feed/mllp"
)

func ExampleSend() {
	feeds, err := feed.NewFeeds(feed.Config{
		Name: "zh-epd", Custodian: "zh", Application: "EPD", Facility: "ZH", MessageTypes: []string{"ADT^A28"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	s := &mllp.Server{Feeds: feeds, Sink: newMemory()}
	go s.Serve(l)
	defer s.Shutdown(context.Background())

	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	ack, err := mllp.Send(context.Background(), conn,
		[]byte("MSH|^~\\&|EPD|ZH|SLUIS|ZH|20260314||ADT^A28|7|P|2.4\rPID|||7710042^^^ZH^PI||Jansen\r"))
	fmt.Println(ack.Code, ack.Control, err)
	// Output: AA 7 <nil>
}
