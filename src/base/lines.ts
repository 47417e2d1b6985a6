import { StringDecoder } from 'node:string_decoder';

export interface Line {
  /** Without its end; empty when too long. */
  readonly text: string;
  readonly tooLong: boolean;
}

/**
 * The lines of a byte stream, ended by `\n` or `\r\n`, the last one also by the end. At most `lengthMax`
 * characters of a line are held; one that is longer is told as such and skipped.
 */
export async function* linesOf(
  input: AsyncIterable<Uint8Array | string>,
  lengthMax: number,
): AsyncGenerator<Line> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let tooLong = false;
  for await (const chunk of input) {
    const text = typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk));
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      yield lineOf(rest + text.slice(from, end), tooLong, lengthMax);
      rest = '';
      tooLong = false;
      from = end + 1;
    }
    rest += text.slice(from);
    if (rest.length > lengthMax) {
      tooLong = true;
      rest = '';
    }
  }
  rest += decoder.end();
  if (rest !== '' || tooLong) yield lineOf(rest, tooLong, lengthMax);
}

function lineOf(text: string, tooLong: boolean, lengthMax: number): Line {
  if (tooLong || text.length > lengthMax) return { text: '', tooLong: true };
  return { text: text.endsWith('\r') ? text.slice(0, -1) : text, tooLong: false };
}
