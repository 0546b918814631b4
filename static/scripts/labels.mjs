// Chooses from which zoom each place is named, so that no two names overlap.
// GeoNames' cities file has no population, so the order of importance is here.

const FIRST = 'London|Birmingham|Manchester|Leeds|Glasgow|Edinburgh|Cardiff|Belfast|Liverpool|Newcastle upon Tyne|Bristol|Sheffield|Nottingham|Plymouth|Norwich|Aberdeen|Inverness|Southampton'.split('|');
const SECOND = ('Croydon|Sutton|Bromley|Leicester|Coventry|Bradford|Stoke-on-Trent|Wolverhampton|Derby|Swansea|Portsmouth|Brighton|Oxford|Cambridge|Exeter|York|' +
  'Hull|Middlesbrough|Sunderland|Preston|Reading|Milton Keynes|Northampton|Luton|Ipswich|Peterborough|Gloucester|Bournemouth|Dundee|Perth|Stirling|' +
  'Swindon|Bath|Canterbury|Guildford|Crawley|Maidstone|Chelmsford|Colchester|Southend-on-Sea|Watford|Slough|Basingstoke|Winchester|Salisbury|' +
  'Worcester|Hereford|Shrewsbury|Chester|Lancaster|Carlisle|Durham|Lincoln|Newport|Wrexham|Londonderry County Borough|Lisburn|Armagh|Newry|' +
  'Woking|Epsom|Dartford|Romford|Ilford|Enfield|Barnet|Harrow|Wembley|Ealing|Hounslow|Kingston upon Thames|Wimbledon|Greenwich|Woolwich|Lewisham|Stratford|Hackney|Camden Town|Islington|Brixton|Fulham|Battersea').split('|');
const FIRST_ZOOM = { first: 5, second: 8, rest: 11 };
const LAST_ZOOM = 13;
/** 100 m: finer than a name can point. */
const SCALE = 1e3;
const CHAR_PX = 7.5, HEIGHT_PX = 22, GAP_PX = 26;

/** World pixels at a zoom. @param {number} lat @param {number} lng @param {number} z */
function project(lat, lng, z) {
  const size = 256 * 2 ** z, s = Math.sin((lat * Math.PI) / 180);
  return [((lng + 180) / 360) * size, (0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI)) * size];
}

/**
 * @param {{name:string, lat:string, lng:string}[]} places
 * @returns {{scale:number, zooms:Record<string, [string, number, number][]>}} names with longitude and latitude in 1/scale degrees, by first zoom
 */
export function placeLabels(places) {
  const rank = (/** @type {string} */ n) => (FIRST.includes(n) ? 0 : SECOND.includes(n) ? 1 : 2);
  const list = places
    .filter((p, i) => places.findIndex((q) => q.name === p.name && Math.hypot(+q.lat - +p.lat, +q.lng - +p.lng) < 0.05) === i)
    .map((p) => ({ name: p.name, lat: +p.lat, lng: +p.lng, rank: rank(p.name) }));
  // Equal rank keeps short names first: more of them fit.
  list.sort((a, b) => a.rank - b.rank || order(a) - order(b) || a.name.length - b.name.length || (a.name < b.name ? -1 : 1));
  /** @type {Record<string, [string, number, number][]>} */
  const zooms = {};
  const shown = [];
  for (let z = FIRST_ZOOM.first; z <= LAST_ZOOM; z++) {
    const boxes = shown.map((p) => box(p, z));
    for (const p of list) {
      if (shown.includes(p) || z < [FIRST_ZOOM.first, FIRST_ZOOM.second, FIRST_ZOOM.rest][p.rank]) continue;
      const b = box(p, z);
      if (boxes.some((o) => b[0] < o[2] && b[2] > o[0] && b[1] < o[3] && b[3] > o[1])) {
        // Lesser places do not take the room that it will have at the next zoom.
        if (p.rank < 2) boxes.push(b);
        continue;
      }
      boxes.push(b); shown.push(p);
      (zooms[z] ??= []).push([p.name, Math.round(p.lng * SCALE), Math.round(p.lat * SCALE)]);
    }
  }
  return { scale: SCALE, zooms };
}

/** @param {{name:string, rank:number}} p */
function order(p) {
  return p.rank === 0 ? FIRST.indexOf(p.name) : p.rank === 1 ? SECOND.indexOf(p.name) : 0;
}

/** @param {{name:string, lat:number, lng:number}} p @param {number} z */
function box(p, z) {
  const [x, y] = project(p.lat, p.lng, z), w = (p.name.length * CHAR_PX + GAP_PX) / 2;
  return [x - w, y - HEIGHT_PX, x + w, y + HEIGHT_PX];
}
