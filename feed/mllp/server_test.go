package mllp_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"

	"sluis/feed"
	"sluis/feed/hl7v2"
	"sluis/feed/mllp"
	"sluis/fhir"
)

// memory is a sink that behaves as gate promises: one commit per key. Its
// journal shows the order of things.
type memory struct {
	mu          sync.Mutex
	committed   map[string]feed.Delivery
	order       []string
	quarantined []string // reasons
	fail        error    // of the next deliveries
	failKeeping error
	hold        chan struct{} // when set, Deliver waits for it, or for ctx
	entered     chan struct{} // told when Deliver is reached
}

func newMemory() *memory { return &memory{committed: map[string]feed.Delivery{}} }

func (m *memory) Deliver(ctx context.Context, d feed.Delivery) (feed.Receipt, error) {
	if m.entered != nil {
		m.entered <- struct{}{}
	}
	if m.hold != nil {
		select {
		case <-m.hold:
		case <-ctx.Done():
			return feed.Receipt{}, ctx.Err()
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return feed.Receipt{}, m.fail
	}
	key := d.Source + " " + d.Key
	if _, seen := m.committed[key]; seen {
		return feed.Receipt{Duplicate: true}, nil
	}
	m.committed[key] = d
	m.order = append(m.order, d.Key)
	return feed.Receipt{}, nil
}

func (m *memory) Quarantine(_ context.Context, d feed.Delivery, reason string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failKeeping != nil {
		return m.failKeeping
	}
	if len(d.Message) == 0 || d.Received.IsZero() {
		return errors.New("the delivery is not whole")
	}
	m.quarantined = append(m.quarantined, reason)
	return nil
}

// count reads how many messages are committed and kept.
func (m *memory) count() (committed, quarantined int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.committed), len(m.quarantined)
}

var hospital = feed.Config{
	Name: "zh-epd", Custodian: "zh", Application: "EPD", Facility: "ZH",
	MessageTypes: []string{"ADT^A28"},
}

func server(t testing.TB, sink feed.Sink, configs ...feed.Config) *mllp.Server {
	t.Helper()
	if len(configs) == 0 {
		configs = []feed.Config{hospital}
	}
	feeds, err := feed.NewFeeds(configs...)
	if err != nil {
		t.Fatal(err)
	}
	return &mllp.Server{Feeds: feeds, Sink: sink, Log: slog.New(slog.DiscardHandler)}
}

// start serves on a loopback port until the test ends, and returns its address.
func start(t testing.TB, s *mllp.Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // nothing is left to wait for
		s.Shutdown(ctx)
		if err := <-served; !errors.Is(err, mllp.ErrServerClosed) {
			t.Errorf("Serve: %v", err)
		}
	})
	return l.Addr().String()
}

func dial(t testing.TB, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func message(id string) []byte {
	return []byte("MSH|^~\\&|EPD|ZH|SLUIS|ZH|20260314||ADT^A28|" + id + "|P|2.4\rPID|||7710042^^^ZH^PI||Jansen\r")
}

func send(t testing.TB, conn net.Conn, message []byte) hl7v2.Ack {
	t.Helper()
	ack, err := mllp.Send(t.Context(), conn, message)
	if err != nil {
		t.Fatal(err)
	}
	return ack
}

func TestDeliveryAndDuplicate(t *testing.T) {
	sink := newMemory()
	conn := dial(t, start(t, server(t, sink)))
	for i, id := range []string{"1", "2", "1"} {
		if ack := send(t, conn, message(id)); ack.Code != hl7v2.Accept || ack.Control != id {
			t.Errorf("message %d: %+v", i, ack)
		}
	}
	if got := strings.Join(sink.order, " "); got != "1 2" {
		t.Errorf("committed in order %q", got)
	}
	d := sink.committed["EPD|ZH 1"]
	if d.Feed != "zh-epd" || !bytes.Equal(d.Message, message("1")) || !bytes.Contains(d.Bundle, []byte(`"transaction"`)) || d.Received.IsZero() {
		t.Errorf("the delivery is not whole: %+v", d)
	}
}

// TestAcknowledgementFollowsCommit: while the sink is at work not one byte comes
// back; after the commit the answer does.
func TestAcknowledgementFollowsCommit(t *testing.T) {
	sink := newMemory()
	sink.hold, sink.entered = make(chan struct{}), make(chan struct{}, 1)
	conn := dial(t, start(t, server(t, sink)))
	first := make(chan int, 1)
	go func() {
		b := make([]byte, 1)
		conn.Read(b)
		committed, _ := sink.count()
		first <- committed
	}()
	if _, err := fmt.Fprintf(conn, "\x0b%s\x1c\r", message("1")); err != nil {
		t.Fatal(err)
	}
	<-sink.entered
	select {
	case <-first:
		t.Fatal("an answer came before the commit")
	default:
	}
	close(sink.hold)
	if committed := <-first; committed != 1 {
		t.Errorf("%d commits when the first byte of the answer came", committed)
	}
}

func TestOutcomes(t *testing.T) {
	second := hospital
	second.Name, second.Facility, second.MessageTypes = "lab", "LAB", []string{"ORU^R01"}
	for _, c := range []struct {
		name, message string
		fail, keeping error
		code          hl7v2.Code
		text          string
		committed     int
		kept          []string
	}{
		{name: "stored", message: string(message("1")), code: "AA", committed: 1},
		{name: "unknown sender", message: "MSH|^~\\&|EPD|ELDERS|||||ADT^A28|1|P|2.4\rPID|||1\r", code: "AR", text: "MSH-3: the sender is unknown"},
		{name: "type not allowed", message: "MSH|^~\\&|EPD|LAB|||||ADT^A28|1|P|2.4\rPID|||1\r", code: "AR",
			text: "MSH-9: this feed may not send the event", kept: []string{"MSH-9: this feed may not send the event"}},
		{name: "type not supported", message: "MSH|^~\\&|EPD|ZH|||||SIU^S12|1|P|2.4\r", code: "AR",
			text: "MSH-9.1: the message type is not supported", kept: []string{"MSH-9.1: the message type is not supported"}},
		{name: "at fault", message: "MSH|^~\\&|EPD|ZH|||||ADT^A28|1|P|2.4\rPID|||123456789^^^NLMINBIZA\r", code: "AE",
			text: "PID-3.1: the number is not a valid BSN", kept: []string{"PID-3.1: the number is not a valid BSN"}},
		{name: "two messages", message: string(message("1")) + string(message("2")), code: "AE",
			text: "MSH: there are two messages in one frame", kept: []string{"MSH: there are two messages in one frame"}},
		{name: "no message", message: "hello", code: "AE", text: "a message starts with MSH"},
		{name: "enhanced mode", message: "MSH|^~\\&|EPD|ZH|||||ADT^A28|1|P|2.4|||AL|NE\rPID|||1\r", code: "CA", committed: 1},
		{name: "not accepted by the store", message: string(message("1")), fail: fhir.NewError(fhir.Unprocessable, "invariant", "a rule", "Bundle.entry[0]"),
			code: "AE", text: "not stored, kept in quarantine", kept: []string{"Bundle.entry[0]: a rule"}},
		{name: "defect", message: string(message("1")), fail: errors.New("secret detail"), code: "AE", text: "not stored, kept in quarantine", kept: []string{"not stored"}},
		{name: "not allowed to store", message: string(message("1")), fail: fhir.NewError(fhir.Forbidden, "forbidden", "no"), code: "AR",
			text: "the feed may not store this", kept: []string{"no"}},
		{name: "store is away", message: string(message("1")), fail: fhir.NewError(fhir.Unavailable, "transient", "down"), code: "AR", text: "not stored, send again later"},
		{name: "nothing can be kept", message: string(message("1")), fail: errors.New("x"), keeping: errors.New("y"), code: "AR", text: "not stored, send again later"},
	} {
		t.Run(c.name, func(t *testing.T) {
			sink := newMemory()
			sink.fail, sink.failKeeping = c.fail, c.keeping
			ack := send(t, dial(t, start(t, server(t, sink, hospital, second))), []byte(c.message))
			if ack.Code != c.code || ack.Text != c.text {
				t.Errorf("%+v", ack)
			}
			if len(sink.committed) != c.committed || strings.Join(sink.quarantined, "\n") != strings.Join(c.kept, "\n") {
				t.Errorf("%d committed, kept %q", len(sink.committed), sink.quarantined)
			}
		})
	}
}

// TestFeedCharset: the feed's character set is used where MSH-18 is empty.
func TestFeedCharset(t *testing.T) {
	c := hospital
	c.Charset = "8859/15"
	sink := newMemory()
	raw := bytes.ReplaceAll(message("1"), []byte("Jansen"), []byte("Jan\xa4"))
	if ack := send(t, dial(t, start(t, server(t, sink, c))), raw); !ack.Stored() {
		t.Fatalf("%+v", ack)
	}
	if d := sink.committed["EPD|ZH 1"]; !bytes.Contains(d.Bundle, []byte("Jan€")) {
		t.Errorf("%s", d.Bundle)
	}
}

// TestBrokenFrames: what breaks the protocol is named, and the connection ends.
func TestBrokenFrames(t *testing.T) {
	for name, c := range map[string]struct{ bytes, want string }{
		"no start":                    {"MSH|^~\\&|EPD", "a frame starts with VT"},
		"HTTP":                        {"GET / HTTP/1.1\r\n\r\n", "a frame starts with VT"},
		"nested start":                {"\x0bMSH|\x0bMSH|\x1c\r", "a frame starts inside another"},
		"end without carriage return": {"\x0bMSH|\x1c\x0b", "a frame ends with FS CR"},
		"too large":                   {"\x0b" + strings.Repeat("x", 5000) + "\x1c\r", "the message is too large"},
		"truncated":                   {"\x0bMSH|", ""},
	} {
		t.Run(name, func(t *testing.T) {
			sink := newMemory()
			s := server(t, sink)
			s.MaxMessage = 4096
			conn := dial(t, start(t, s))
			if _, err := io.WriteString(conn, c.bytes); err != nil {
				t.Fatal(err)
			}
			conn.(*net.TCPConn).CloseWrite()
			answer, err := io.ReadAll(conn) // ends because the server closes
			if err != nil {
				t.Fatal(err)
			}
			if c.want == "" && len(answer) != 0 || !strings.Contains(string(answer), c.want) {
				t.Errorf("%q", answer)
			}
			if committed, kept := sink.count(); committed+kept != 0 {
				t.Error("something was taken in")
			}
		})
	}
}

func TestLineEndsBetweenFramesArePassedOver(t *testing.T) {
	conn := dial(t, start(t, server(t, newMemory())))
	for range 2 {
		fmt.Fprintf(conn, "\r\n\x0b%s\x1c\r\n", message("1"))
	}
	in := bufio.NewReader(conn)
	for range 2 {
		answer, err := in.ReadString('\x1c')
		if err != nil || !strings.Contains(answer, "MSA|AA|1") {
			t.Fatalf("%v %q", err, answer)
		}
	}
}

// TestOrderPerConnection: several senders at once, each one's messages are
// committed in the order sent.
func TestOrderPerConnection(t *testing.T) {
	const senders, each = 4, 25
	sink := newMemory()
	s := server(t, sink)
	s.MaxConnections = 2 // the others wait, and are served
	address := start(t, s)
	var all sync.WaitGroup
	for i := range senders {
		all.Add(1)
		go func() {
			defer all.Done()
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			for n := range each {
				if ack, err := mllp.Send(t.Context(), conn, message(fmt.Sprintf("%d-%02d", i, n))); err != nil || !ack.Stored() {
					t.Error(ack, err)
					return
				}
			}
		}()
	}
	all.Wait()
	if len(sink.order) != senders*each {
		t.Fatalf("%d committed", len(sink.order))
	}
	last := map[byte]string{}
	for _, key := range sink.order {
		if key <= last[key[0]] {
			t.Errorf("%s came after %s", key, last[key[0]])
		}
		last[key[0]] = key
	}
}
