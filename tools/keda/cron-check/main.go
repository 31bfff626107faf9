// Says when KEDA's own cron scaler is active: of each trigger on standard input, at each of its times.
//
// The scaler asks the clock of the machine. In a bubble of testing/synctest that clock stands still until everything
// waits, and then leaps to the next end of a wait, so a year is over at once: the scaler runs as it is, at any time.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"testing"
	"testing/synctest"
	"time"

	// The zones of the version of Go that it is built with, as KEDA's image has no others that would be looked for first.
	_ "time/tzdata"

	"github.com/go-logr/logr"
	"github.com/kedacore/keda/v2/pkg/scalers"
	"github.com/kedacore/keda/v2/pkg/scalers/scalersconfig"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// Trigger is one cron trigger of a ScaledObject, and when to ask it.
type Trigger struct {
	Metadata map[string]string `json:"metadata"`
	// Seconds since 1970, ascending, after the year 2000, when a bubble's clock begins.
	Times []int64 `json:"times"`
}

func main() {
	log.SetLogger(logr.Discard())
	// Only the testing package makes bubbles, and it has words of its own to say.
	answers := os.Stdout
	os.Stdout = os.Stderr
	testing.Main(every, []testing.InternalTest{{Name: "triggers", F: func(t *testing.T) {
		if err := answer(t, answers); err != nil {
			t.Fatal(err)
		}
	}}}, nil, nil)
}

func every(string, string) (bool, error) { return true, nil }

// answer asks each trigger in a bubble of its own, whose clock begins anew.
func answer(t *testing.T, to io.Writer) error {
	var triggers []Trigger
	if err := json.NewDecoder(os.Stdin).Decode(&triggers); err != nil {
		return fmt.Errorf("triggers on standard input: %w", err)
	}
	answers := make([][]bool, len(triggers))
	for number, trigger := range triggers {
		var err error
		synctest.Test(t, func(*testing.T) { answers[number], err = activity(trigger) })
		if err != nil {
			return fmt.Errorf("trigger %d, %v: %w", number, trigger.Metadata, err)
		}
	}
	return json.NewEncoder(to).Encode(answers)
}

func activity(trigger Trigger) ([]bool, error) {
	scaler, err := scalers.NewCronScaler(&scalersconfig.ScalerConfig{TriggerMetadata: trigger.Metadata})
	if err != nil {
		return nil, err
	}
	answers := make([]bool, 0, len(trigger.Times))
	for _, at := range trigger.Times {
		until := time.Until(time.Unix(at, 0))
		if until < 0 {
			return nil, fmt.Errorf("time %d is before the one that was asked last, or before 2000", at)
		}
		time.Sleep(until)
		_, active, err := scaler.GetMetricsAndActivity(context.Background(), "floor")
		if err != nil {
			return nil, err
		}
		answers = append(answers, active)
	}
	return answers, nil
}
