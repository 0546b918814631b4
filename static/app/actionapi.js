// @ts-check
// What was done about places, as the server keeps it.
import { ApiError, getJSON, problem } from './api.js';

/** @typedef {'seen'|'planned'|'done'|'declined'} Status */
/** @typedef {{status:Status, day:string, body:string, note?:string, note_cy?:string, recorded?:string}} Step */
/**
 * @typedef {{id:string, kind:string, status:Status, title?:string, body:string, note?:string, note_cy?:string, partner_note?:string, place?:string,
 *   steps:Step[], works?:{from:string, to:string}, public:boolean, synthetic?:boolean}} Record
 * @typedef {Record & {version:number, changed:string, lat:number, lng:number, cell_count:number}} Line
 * @typedef {Line & {cells:string[], boundary:[number, number][][], may_change:boolean, history:{version:number, at:string, who:string, change:string}[]}} Action
 * @typedef {{id:string, label:string, factors?:string}} Label
 * @typedef {{synthetic:boolean, body:string, kinds:Label[], statuses:Label[], total:number, actions:Line[]}} List
 * @typedef {{before:number, after:number}} Pair
 * @typedef {{res:number, works:{from:string, to:string}, before?:{from:string, to:string}, after?:{from:string, to:string}, place:Pair, around:Pair, comparison_cells:number,
 *   expected:number|null, ratio:import('./words.js').Ratio, verdict:import('./words.js').Verdict, sentence:string, caution:string, limits?:string[]}} Evaluation
 */

const ROOT = '/api/v1/actions';

/** @param {string} query @param {AbortSignal} [signal] @returns {Promise<List>} */
export const listActions = (query, signal) => getJSON(query ? `${ROOT}?${query}` : ROOT, signal);

/** @param {string} id @param {AbortSignal} [signal] @returns {Promise<Action>} */
export const getAction = (id, signal) => getJSON(`${ROOT}/${id}`, signal);

/** @param {string} id @param {string} factors separated by commas, '' for all @param {AbortSignal} [signal] @returns {Promise<Evaluation>} */
export const evaluate = (id, factors, signal) => getJSON(`${ROOT}/${id}/evaluation${factors ? `?factors=${factors}` : ''}`, signal);

/** Sends a change and returns the action as it is now. @param {string} path '' to record, an id, or an id with "/steps" @param {object} body @returns {Promise<Action>} */
export async function sendAction(path, body) {
  const r = await fetch(path ? `${ROOT}/${path}` : ROOT, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
    .catch(() => { throw new ApiError('The server cannot be reached. Check the connection and try again.', 0); });
  if (!r.ok) throw await problem(r);
  return r.json();
}
