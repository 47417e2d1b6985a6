const chunkLength = 8_192;

/** Hands out rows of zeros that lie side by side: one buffer for many, since each of its own would cost more than the row. */
export class RowPool {
  #chunk = new Float64Array(0);
  #used = 0;

  take(columns: number): Float64Array {
    if (this.#used + columns > this.#chunk.length) {
      this.#chunk = new Float64Array(Math.max(chunkLength, columns));
      this.#used = 0;
    }
    const row = this.#chunk.subarray(this.#used, this.#used + columns);
    this.#used += columns;
    return row;
  }
}
