package main

// other measures another server, twice with the same trace.
func (m *measurement) other(out *outcome) error {
	e, to, err := parseURL(m.url)
	if err != nil {
		return err
	}
	e.accept, out.URL = m.accept, m.url
	m.logf("placing %s reports ...", shortCount(m.reports[0]))
	where, err := placesOnly(m.seed, m.reports[0])
	if err != nil {
		return err
	}
	cfg := m.traceConfig()
	cfg.Filters = to.query != 0
	tr, err := newTrace(cfg, &where)
	if err != nil {
		return err
	}
	var br bodyResult
	for _, conns := range m.conns {
		for _, mode := range []string{modeURL, modeAgain} {
			m.logf("%s over %d connections ...", mode, conns)
			s, err := drive(e, to, tr, conns)
			if err != nil {
				return err
			}
			r := summarise(mode, conns, tr, s)
			if m.pid != "" {
				r.addMemory(m.pid)
			}
			br.Runs = append(br.Runs, r)
		}
	}
	out.Bodies = []bodyResult{br}
	printBody(m.out, &br)
	return nil
}
