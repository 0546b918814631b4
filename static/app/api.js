// @ts-check
// The server's JSON, typed. Errors carry the server's own words (RFC 9457).

/** @typedef {{version:string, synthetic:boolean, mode:string, basemap:{kind:string, url?:string, attribution?:string, maxzoom?:number}, bounds:number[]|null, today:string, generation:number, month_precision?:{sources:number, reports:number}}} Config */
/** @typedef {{tiles:string[], bounds?:number[], center?:number[], attribution?:string, generation:number, synthetic:boolean, total:number, first_day:string, last_day:string}} TileJSON */
/** @typedef {{factor:string, count:number}[]} FactorCounts */
/** @typedef {{month:string, count:number}[]} MonthCounts */
/** @typedef {{dayparts:string[], weekdays:string[], counts:number[][]}} Matrix */
/** @typedef {{by_factor:FactorCounts, by_month:MonthCounts, by_day?:{day:string, count:number}[], histogram:MonthCounts, limits?:string[], daypart_weekday:Matrix, by_dark:{yes:number,no:number,unknown:number}, total:number, generation:number, synthetic:boolean}} Figures */
/** @typedef {Figures & {res:number, cells:number, first_day:string, last_day:string, facet_factors:FactorCounts, top:{cell:string,lat:number,lng:number,count:number,place?:string}[]}} Summary */
/** @typedef {Figures & {cell:string, res:number, lat:number, lng:number, boundary:[number,number][], place?:string, parent?:string}} Detail */
/** @typedef {{name:string, kind:string, admin:string, lat:number, lng:number, zoom:number}} Place */

export class ApiError extends Error {
  /** @param {string} message for people @param {number} status 0 when the server did not answer */
  constructor(message, status) { super(message); this.status = status; }
}

/** @param {Response} r */
export async function problem(r) {
  try {
    const p = await r.json();
    return new ApiError(p.detail || p.title || `The server answered ${r.status}.`, r.status);
  } catch {
    return new ApiError(`The server answered ${r.status}.`, r.status);
  }
}

/** @param {string} path @param {string[]} parts query strings @returns {string} */
export function url(path, ...parts) {
  const q = parts.filter(Boolean).join('&');
  return q ? `${path}?${q}` : path;
}

/** @template T @param {string} address @param {AbortSignal} [signal] @returns {Promise<T>} */
export async function getJSON(address, signal) {
  let r;
  try {
    r = await fetch(address, { signal, headers: { Accept: 'application/json' } });
  } catch (e) {
    if (/** @type {Error} */ (e).name === 'AbortError') throw e;
    throw new ApiError('The server cannot be reached. Check the connection and try again.', 0);
  }
  if (!r.ok) throw await problem(r);
  return r.json();
}

/** Runs one request at a time: a newer one aborts the older, whose result is dropped. */
export function latest() {
  let current = new AbortController();
  return {
    /** @template T @param {(signal: AbortSignal) => Promise<T>} job @returns {Promise<T|undefined>} undefined when overtaken */
    async run(job) {
      current.abort();
      const mine = (current = new AbortController());
      try {
        const value = await job(mine.signal);
        return mine.signal.aborted ? undefined : value;
      } catch (e) {
        if (mine.signal.aborted) return undefined;
        throw e;
      }
    },
    cancel() { current.abort(); },
  };
}
