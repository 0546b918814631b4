// @ts-check
// Forms for what was done: a new action, its next step, its words.
import { h } from './dom.js';
import { sendAction } from './actionapi.js';

/** @typedef {import('./actionapi.js').Action} Action */
/** @typedef {import('./actionapi.js').List} List */
/** @typedef {{saved: (a: Action) => void, cancel: () => void}} On */

let made = 0;
/** A label with its field. @param {string} text @param {HTMLElement} field @param {string} [hint] */
function row(text, field, hint) {
  field.id = `action-field-${++made}`;
  const note = hint ? h('span', { class: 'quiet', id: `${field.id}-hint`, text: hint }) : null;
  if (note) field.setAttribute('aria-describedby', note.id);
  return h('div', { class: 'field' }, h('label', { for: field.id, text }), field, note);
}
const line = (/** @type {string} */ name, value = '', more = {}) => h('input', { type: 'text', name, value, maxlength: 120, autocomplete: 'off', ...more });
const note = (/** @type {string} */ name, value = '') => { const t = h('textarea', { name, maxlength: 1000, rows: 2 }); t.value = value; return t; };
const date = (/** @type {string} */ name, value = '', more = {}) => h('input', { type: 'date', name, value, ...more });

/** @param {{id:string, label:string}[]} list @param {string} chosen @param {string} name */
const select = (list, chosen, name) => h('select', { name }, ...list.map((x) => h('option', { value: x.id, text: x.label, selected: x.id === chosen })));

/** The statuses as buttons of one choice. @param {List} list @param {string} chosen @param {(status: string) => void} changed */
function statuses(list, chosen, changed) {
  return h('fieldset', { class: 'statuses' }, h('legend', { text: 'How far is it?' }), ...list.statuses.map((s) => h('label', { class: `status ${s.id}` },
    h('input', { type: 'radio', name: 'status', value: s.id, checked: s.id === chosen, onchange: () => changed(s.id) }), s.label)));
}

/** The last day of works as people say it, and the day after it as the server has it. @param {string} day @param {number} by */
const shift = (day, by) => (day ? new Date(Date.parse(day) + by * 864e5).toISOString().slice(0, 10) : '');

/** @param {HTMLFormElement} form @param {string} name */
const text = (form, name) => String(new FormData(form).get(name) ?? '').trim();

/** A form that sends itself and says what is wrong. @param {HTMLElement[]} parts @param {string} label @param {On} on @param {(form: HTMLFormElement) => Promise<Action>} send */
function shell(parts, label, on, send) {
  const wrong = h('p', { class: 'wrong', role: 'alert', hidden: true }), go = h('button', { type: 'submit', class: 'go' }, label);
  const form = h('form', { class: 'action-form', onsubmit: async (/** @type {Event} */ e) => {
    e.preventDefault();
    go.disabled = true;
    wrong.hidden = true;
    try { on.saved(await send(form)); } catch (x) { wrong.textContent = /** @type {Error} */ (x).message; wrong.hidden = false; }
    go.disabled = false;
  }, onkeydown: (/** @type {KeyboardEvent} */ e) => { if (e.key === 'Escape') { e.stopPropagation(); on.cancel(); } } },
  ...parts, wrong, h('div', { class: 'actions' }, go, h('button', { type: 'button', onclick: on.cancel }, 'Cancel')));
  return form;
}

/** The reason is asked for where the public has to read one. @param {string} status */
function reason(status) {
  const field = note('step_note'), box = row('Why not? The public reads this', field);
  const show = (/** @type {string} */ now) => { box.hidden = now !== 'declined'; field.required = now === 'declined'; };
  show(status);
  return { box, show };
}

/** @param {HTMLFormElement} form */
function step(form) {
  return { status: text(form, 'status'), day: text(form, 'day'), body: text(form, 'body'), note: text(form, 'step_note') };
}

/** @param {HTMLFormElement} form */
function works(form) {
  const from = text(form, 'works_from'), to = text(form, 'works_to');
  return from || to ? { from, to: shift(to || from, 1) } : { from: '', to: '' };
}

/** What can be said beside kind and status. @param {Partial<Action>} a */
function details(a) {
  return [
    row('Title', line('title', a.title), 'Such as “Four lamps mended”. Without one the kind stands here.'),
    row('Note for the public', note('note', a.note)),
    row('The same in Welsh', note('note_cy', a.note_cy)),
    row('Note for partners', note('partner_note', a.partner_note), 'For officers and planners. It is never published.'),
    row('Where, in words', line('place', a.place), 'The public reads this and sees hexagons of 0.7 km².'),
    h('div', { class: 'pair' }, row('Works from', date('works_from', a.works?.from)), row('to', date('works_to', shift(a.works?.to ?? '', -1)))),
    h('label', { class: 'check' }, h('input', { type: 'checkbox', name: 'public', checked: a.public ?? true }), 'Show it to the public'),
  ];
}

/** @param {HTMLFormElement} form */
const written = (form) => ({ title: text(form, 'title'), note: text(form, 'note'), note_cy: text(form, 'note_cy'), partner_note: text(form, 'partner_note'),
  place: text(form, 'place'), works: works(form), public: new FormData(form).get('public') !== null });

/**
 * A new action: kind and status are chosen already, so that saving is all that is left to do.
 * @param {List} list @param {{kind:string, today:string, where:{cells:string[]}|{area:unknown}}} first @param {On} on
 */
export function newForm(list, first, on) {
  const why = reason('seen');
  return shell([
    row('What', select(list.kinds, first.kind, 'kind')),
    statuses(list, 'seen', why.show), why.box,
    row('Who', line('body', list.body, { required: true, minlength: 2, placeholder: 'Such as Croydon Council' })),
    h('details', {}, h('summary', { text: 'Day, notes and works' }), row('Day', date('day', first.today, { max: first.today })), ...details({})),
  ], 'Save', on, (form) => {
    const said = written(form);
    return sendAction('', { kind: text(form, 'kind'), body: text(form, 'body'), steps: [step(form)], ...said, works: said.works.from ? said.works : undefined, ...first.where });
  });
}

/** What follows a status as a rule. @param {string} status */
const next = (status) => /** @type {Record<string, string>} */ ({ seen: 'planned', planned: 'done' })[status] ?? status;

/** @param {List} list @param {Action} a @param {string} today @param {On} on */
export function stepForm(list, a, today, on) {
  const first = next(a.status), why = reason(first), said = note('public_note');
  const noteRow = row('Note for the public', said);
  const changed = (/** @type {string} */ now) => { why.show(now); noteRow.hidden = now === 'declined'; };
  return shell([statuses(list, first, changed), why.box, row('Day', date('day', today, { max: today, min: a.steps[a.steps.length - 1].day })),
    row('Who', line('body', a.body, { required: true, minlength: 2 })), noteRow], 'Save the step', on,
  (form) => { const s = step(form); return sendAction(`${a.id}/steps`, { version: a.version, ...s, note: s.status === 'declined' ? s.note : text(form, 'public_note') }); });
}

/** @param {List} list @param {Action} a @param {On} on */
export function editForm(list, a, on) {
  return shell([row('What', select(list.kinds, a.kind, 'kind')), row('Who', line('body', a.body, { required: true, minlength: 2 })), ...details(a)], 'Save', on,
    (form) => sendAction(a.id, { version: a.version, kind: text(form, 'kind'), body: text(form, 'body'), ...written(form) }));
}
