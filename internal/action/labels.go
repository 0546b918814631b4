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

func text(en, cy string) Text { return Text{"en": en, "cy": cy} }

// Label is what people read for a kind.
func (k Kind) Label() Text {
	switch k {
	case Lighting:
		return text("Street lighting", "Goleuadau stryd")
	case Vegetation:
		return text("Trees and bushes", "Coed a llwyni")
	case Sightlines:
		return text("Clearer sight", "Gwell golwg")
	case CCTV:
		return text("CCTV", "Teledu cylch cyfyng")
	case Patrol:
		return text("Patrols", "Patrolau")
	case Cleaning:
		return text("Cleaning", "Glanhau")
	case Repair:
		return text("Repairs", "Atgyweirio")
	case Design:
		return text("Street design", "Cynllun y stryd")
	case Licensing:
		return text("Licensing", "Trwyddedu")
	case Transport:
		return text("Public transport", "Trafnidiaeth gyhoeddus")
	}
	return text("Other work", "Gwaith arall")
}

// Label is what people read for a status.
func (s Status) Label() Text {
	switch s {
	case Seen:
		return text("Seen", "Wedi’i weld")
	case Planned:
		return text("Planned", "Wedi’i gynllunio")
	case Done:
		return text("Done", "Wedi’i wneud")
	}
	return text("Not going ahead", "Ddim yn mynd ymlaen")
}

// phrase has {body} where the name of a body goes.
func (s Status) phrase() Text {
	switch s {
	case Seen:
		return text("Seen by {body}", "Gwelwyd gan {body}")
	case Planned:
		return text("Planned by {body}", "Cynlluniwyd gan {body}")
	case Done:
		return text("Done by {body}", "Gwnaed gan {body}")
	}
	return text("Decided against by {body}", "Penderfynwyd peidio gan {body}")
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
