package gazetteer

import "math"

// NationalGrid turns an easting and a northing of the British National Grid
// (EPSG:27700), in metres, into WGS 84 latitude and longitude in degrees.
//
// Formulas and constants: Ordnance Survey, "A guide to coordinate systems in
// Great Britain" (annexes B and C, and the Helmert transformation of section
// 6.6, good to about 5 m).
func NationalGrid(east, north float64) (lat, lng float64) {
	return helmert(fromNationalGrid(east, north))
}

// Airy 1830 and WGS 84 semi-axes in metres.
const (
	airyA, airyB = 6377563.396, 6356256.909
	wgsA, wgsB   = 6378137.0, 6356752.314245
)

// fromNationalGrid inverts the transverse Mercator projection on Airy 1830.
func fromNationalGrid(e, n float64) (phi, lam float64) {
	const f0, e0, n0 = 0.9996012717, 400000.0, -100000.0
	phi0, lam0 := radians(49), radians(-2)
	e2 := 1 - (airyB*airyB)/(airyA*airyA)
	nn := (airyA - airyB) / (airyA + airyB)

	arc := func(p float64) float64 {
		d, s := p-phi0, p+phi0
		return airyB * f0 * ((1+nn+1.25*nn*nn+1.25*nn*nn*nn)*d -
			(3*nn+3*nn*nn+21.0/8*nn*nn*nn)*math.Sin(d)*math.Cos(s) +
			(15.0/8*nn*nn+15.0/8*nn*nn*nn)*math.Sin(2*d)*math.Cos(2*s) -
			35.0/24*nn*nn*nn*math.Sin(3*d)*math.Cos(3*s))
	}
	phi = phi0
	for range 10 {
		phi += (n - n0 - arc(phi)) / (airyA * f0)
	}
	sin, tan := math.Sin(phi), math.Tan(phi)
	nu := airyA * f0 / math.Sqrt(1-e2*sin*sin)
	rho := airyA * f0 * (1 - e2) / math.Pow(1-e2*sin*sin, 1.5)
	eta := nu/rho - 1
	t2, sec, d := tan*tan, 1/math.Cos(phi), e-e0
	lat := phi - tan/(2*rho*nu)*d*d + tan/(24*rho*nu*nu*nu)*(5+3*t2+eta-9*t2*eta)*d*d*d*d
	lng := lam0 + sec/nu*d - sec/(6*nu*nu*nu)*(nu/rho+2*t2)*d*d*d +
		sec/(120*math.Pow(nu, 5))*(5+28*t2+24*t2*t2)*math.Pow(d, 5)
	return lat, lng
}

// helmert moves a position from OSGB36 to WGS 84, degrees out.
func helmert(phi, lam float64) (lat, lng float64) {
	e2 := 1 - (airyB*airyB)/(airyA*airyA)
	nu := airyA / math.Sqrt(1-e2*math.Sin(phi)*math.Sin(phi))
	x := nu * math.Cos(phi) * math.Cos(lam)
	y := nu * math.Cos(phi) * math.Sin(lam)
	z := (1 - e2) * nu * math.Sin(phi)

	const tx, ty, tz, scale = 446.448, -125.157, 542.060, -20.4894e-6
	arcsec := math.Pi / 180 / 3600
	rx, ry, rz := 0.1502*arcsec, 0.2470*arcsec, 0.8421*arcsec
	x, y, z = tx+(1+scale)*x-rz*y+ry*z, ty+rz*x+(1+scale)*y-rx*z, tz-ry*x+rx*y+(1+scale)*z

	e2 = 1 - (wgsB*wgsB)/(wgsA*wgsA)
	p := math.Hypot(x, y)
	phi = math.Atan2(z, p*(1-e2))
	for range 5 {
		nu = wgsA / math.Sqrt(1-e2*math.Sin(phi)*math.Sin(phi))
		phi = math.Atan2(z+e2*nu*math.Sin(phi), p)
	}
	return phi * 180 / math.Pi, math.Atan2(y, x) * 180 / math.Pi
}

func radians(degrees float64) float64 { return degrees * math.Pi / 180 }
