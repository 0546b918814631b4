package site

import (
	"math"
	"strconv"
)

const (
	leastText    = 4.5 // WCAG 2.2, 1.4.3
	leastControl = 3.0 // 1.4.11
)

// grounds are what the accent stands on, by look. The look that follows the
// reader's uses it on light grounds alone: no colour is fit for both.
var grounds = map[string]string{"": "ffffff", "light": "ffffff", "dark": "19212a", "contrast": "ffffff"}

// contrast is the ratio of WCAG 2.2 between two colours of six hexadecimal
// digits.
func contrast(a, b string) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(colour string) float64 {
	n, err := strconv.ParseUint(colour, 16, 32)
	if err != nil {
		return 0
	}
	channel := func(shift uint) float64 {
		v := float64(n>>shift&0xff) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(16) + 0.7152*channel(8) + 0.0722*channel(0)
}

// accentFits reports whether an accent can be read in a look, and the ratio.
func accentFits(look, accent string) (float64, bool) {
	ratio := contrast(accent, grounds[look])
	return ratio, ratio >= leastText
}
