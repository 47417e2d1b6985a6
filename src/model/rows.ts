const rowsPerChunk = 1024;
const chunkShift = 10;
const rowMask = rowsPerChunk - 1;

/**
 * Rows of numbers, packed: `width` doubles a row. Kept in chunks, so that growing copies nothing and costs no
 * more memory than the rows there are. For the hot road a row is addressed by its chunk and where it begins
 * there: `rows.chunk(row)[rows.at(row) + column]`.
 */
export class Rows {
  readonly #width: number;
  readonly #fill: number;
  readonly #chunks: Float64Array[] = [];

  constructor(width: number, fill: number) {
    this.#width = width;
    this.#fill = fill;
  }

  /** Makes sure that the row is there. */
  open(row: number): void {
    while (row >= this.#chunks.length << chunkShift) {
      this.#chunks.push(new Float64Array(rowsPerChunk * this.#width).fill(this.#fill));
    }
  }

  /** The chunk a row lies in. The row must have been opened. */
  chunk(row: number): Float64Array {
    return this.#chunks[row >> chunkShift]!;
  }

  /** Where in its chunk a row begins. */
  at(row: number): number {
    return (row & rowMask) * this.#width;
  }
}
