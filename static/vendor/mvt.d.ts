export { VectorTile } from '@mapbox/vector-tile';
export { PbfReader } from 'pbf';
