package action

import "strings"

// Text is a wording in the languages that there are, by BCP 47 tag.
type Text map[string]string

// In returns the wording in a language, or else in English.
func (t Text) In(lang string) string {
	if s := t[lang]; s != "" {
		return s
	}
	return t["en"]
}

// wording is what people read for an identifier; one that is unknown reads as the
// last of its table.
type wording[T ~string] struct {
	id     T
	en, cy string
}

func look[T ~string](table []wording[T], id T) Text {
	found := table[len(table)-1]
	for _, w := range table {
		if w.id == id {
			found = w
		}
	}
	return Text{"en": found.en, "cy": found.cy}
}

// Label is what people read for a kind.
func (k Kind) Label() Text {
	return look([]wording[Kind]{
		{Lighting, "Street lighting", "Goleuadau stryd"},
		{Vegetation, "Trees and bushes", "Coed a llwyni"},
		{Sightlines, "Clearer sight", "Gwell golwg"},
		{CCTV, "CCTV", "Teledu cylch cyfyng"},
		{Patrol, "Patrols", "Patrolau"},
		{Cleaning, "Cleaning", "Glanhau"},
		{Repair, "Repairs", "Atgyweirio"},
		{Design, "Street design", "Cynllun y stryd"},
		{Licensing, "Licensing", "Trwyddedu"},
		{Transport, "Public transport", "Trafnidiaeth gyhoeddus"},
		{Other, "Other work", "Gwaith arall"},
	}, k)
}

// Label is what people read for a status.
func (s Status) Label() Text {
	return look([]wording[Status]{
		{Seen, "Seen", "Wedi’i weld"},
		{Planned, "Planned", "Wedi’i gynllunio"},
		{Done, "Done", "Wedi’i wneud"},
		{Declined, "Not going ahead", "Ddim yn mynd ymlaen"},
	}, s)
}

// phrase has {body} where the name of a body goes.
func (s Status) phrase() Text {
	return look([]wording[Status]{
		{Seen, "Seen by {body}", "Gwelwyd gan {body}"},
		{Planned, "Planned by {body}", "Cynlluniwyd gan {body}"},
		{Done, "Done by {body}", "Gwnaed gan {body}"},
		{Declined, "Decided against by {body}", "Penderfynwyd peidio gan {body}"},
	}, s)
}

// Sentence says of a step who did what and why, in each language: "Planned by
// Croydon Council: four lamps this autumn".
func (s Step) Sentence() Text {
	out := Text{}
	for lang, p := range s.Status.phrase() {
		note := s.Note
		if lang == "cy" && s.NoteCY != "" {
			note = s.NoteCY
		}
		out[lang] = strings.ReplaceAll(p, "{body}", s.Body)
		if note != "" {
			out[lang] += ": " + note
		}
	}
	return out
}
