package calibrate

import (
	"context"

	"drillbook/harness/driver"
)

// Opening returns settings of a probe whose sessions are made of good ones.
func (s Settings) Opening(of func(driver.Session) driver.Session) Settings {
	s.open = func(ctx context.Context, addr string, reached func(context.Context) error) (driver.Session, error) {
		good, err := dial(ctx, addr, reached)
		if err != nil {
			return nil, err
		}
		return of(good), nil
	}
	return s
}
