package billing

import (
	"slices"
	"time"

	"github.com/oksai/oksai/gen/billing"
	"github.com/oksai/oksai/handwritten/runtime/codec"
	"github.com/oksai/oksai/handwritten/runtime/event"
	"github.com/oksai/oksai/handwritten/runtime/problem"
)

// MeterUsage takes only days that are over: the figure of a day that goes on
// would grow after its period was invoiced. The day on which a period begins is
// its own, the day on which it ends is the next one's.
func (Rules) MeterUsage(state *billing.Subscription, cmd billing.MeterUsage, now time.Time) ([]event.Data, error) {
	switch known := state.Usage[at(state.Usage, cmd.Metric, cmd.Day):]; {
	case state.Status == billing.SubscriptionStatusCancelled:
		return nil, problem.Rule("SUBSCRIPTION_CANCELLED", "a cancelled subscription has no usage")
	case !cmd.Day.Before(codec.Day(now)):
		return nil, problem.Rule("DAY_NOT_OVER", "usage is measured for days that are over")
	case cmd.Day.Before(codec.Day(state.PeriodStart)):
		return nil, problem.Rule("PERIOD_OVER", "the day is of a period that has ended")
	case len(known) > 0 && known[0].Quantity == cmd.Quantity:
		return nil, nil
	}
	return []event.Data{billing.UsageMetered(cmd)}, nil
}

// MeterDay notes what was used on the day that ended, in the metrics' order; a
// quantity that is known already is not said again.
func (Rules) MeterDay(state *billing.Subscription, cmd billing.MeterDay, _ time.Time) ([]event.Data, error) {
	if state.EndedDay == nil || !state.EndedDay.Equal(cmd.Day) {
		return nil, nil
	}
	var events []event.Data
	for _, metric := range billing.MetricJobs.Values() {
		quantity, measured := cmd.Used[metric]
		var before int64
		if i := at(state.Usage, metric, cmd.Day); i < len(state.Usage) {
			before = state.Usage[i].Quantity
		}
		if measured && quantity != before {
			events = append(events, billing.UsageMetered{Metric: metric, Day: cmd.Day, Quantity: quantity})
		}
	}
	return append(events, billing.UsageDayMeasured{Day: cmd.Day}), nil
}

// ApplyUsageMetered replaces what was known of the day.
func (Rules) ApplyUsageMetered(state *billing.Subscription, e billing.UsageMetered) {
	i := at(state.Usage, e.Metric, e.Day)
	rest := state.Usage[min(i+1, len(state.Usage)):]
	state.Usage = slices.Concat(state.Usage[:i], []billing.DailyUsage{billing.DailyUsage(e)}, rest)
}

// at is where the usage of a day is, len(usage) if it is not known.
func at(usage []billing.DailyUsage, metric billing.Metric, day time.Time) int {
	i := slices.IndexFunc(usage, func(u billing.DailyUsage) bool { return u.Metric == metric && u.Day.Equal(day) })
	if i < 0 {
		return len(usage)
	}
	return i
}

// used is how much of a metric counts for a period.
func used(usage []billing.DailyUsage, metric billing.Metric) (quantity int64) {
	for _, u := range usage {
		switch {
		case u.Metric != metric:
		case metric.Level():
			quantity = max(quantity, u.Quantity)
		default:
			quantity += u.Quantity
		}
	}
	return quantity
}
