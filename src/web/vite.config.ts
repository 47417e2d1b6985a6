import { minify } from 'terser';
import { defineConfig, type Plugin } from 'vite';

const service = 'http://127.0.0.1:8080';

/**
 * uPlot is one closure that nothing can be shaken out of. What the page never asks of it is answered here at build
 * time, so that the minifier leaves it out: no legend, no charts that move together or stand upright, no logarithmic
 * or ordinal scales, no scatter charts, no dates as words, no paths but straight ones, no plugins, and nothing that
 * changes a chart's series once it stands. A third of its weight; the tests draw with what is left.
 */
const answers: readonly (readonly [RegExp, string])[] = [
  [/\bmode == 2\b/g, 'false'],
  [/\bmode == 1\b/g, 'true'],
  [/\b(?:\w+\.)?distr == (?:2|3|4|100)\b/g, 'false'],
  [/\bsc\.distr >= 3\b/g, 'false'],
  [/\bsc\.distr == 1\b/g, 'true'],
  [/\bscaleX\.ori == 1\b/g, 'false'],
  [/\b(?:scaleX|sx)\.ori == 0\b/g, 'true'],
  [/\b(?:strokePath|fillPath) instanceof Map\b/g, 'false'],
  [/\baxis\.label != null\b/g, 'false'],
  [/\bopts\.(?:title|id != null)(?=\) )/g, 'false'],
  [/^\t\(opts\.plugins \|\| \[\]\)\.forEach\(p => \{[\s\S]*?^\t\}\);$/gm, ''],
  [/\bif \(src != null\)/g, 'if (false)'],
  [/\bif \(syncKey != null\)/g, 'if (false)'],
  [/\bif \(e != null\) \{(?=\s*_l = e\.clientX)/g, 'if (true) {'],
  [/\bdrag\.(?:y|setScale)\b/g, 'false'],
  // Its cursor is the page's (`lineCursor`): it finds its point itself, and has no line across.
  [/\bif \(cursor\.dataIdx == null\)/g, 'if (false)'],
  [/\bdrag\.uni\b/g, 'null'],
  [/\bif \(dragY\)/g, 'if (false)'],
  [/\bcursor\.(?:y|_lock|lock)\b(?! = )/g, 'false'],
  [/\bcursorFocus = .*$/gm, 'cursorFocus = false;'],
  [/(?<!function )\bpubSync\(/g, 'noop('],
  [/\bshowLegend = legend\.show\b/g, 'showLegend = false'],
  // Each scale of the page has a range of its own,
  [/\bscaleKey != xScaleKey \|\| \(false && !isTime\)/g, 'false'],
  [/\bsc\.range = fnOrSelf\(rn \|\| [\s\S]*?\n\t\t\t\t\)\);/g, 'sc.range = rn;'],
  [/(?<=\[_min, _max\] = )rangeNum\(.*\);/g, '[_min, _max];'],
  // and each time axis labels of its own.
  [/\bconst _timeAxisStamps = \[[\s\S]*?\n\t\];/g, 'const _timeAxisStamps = 0;'],
  [/\bconst _fmtDate = .*;/g, ''],
  [/^const (?:days|months)3 = .*;$/gm, ''],
  [/^\t(?:MMMM|MMM|WWWW|WWW):\s.*$/gm, ''],
  [/\blegend\.live\b/g, 'false'],
  [/\btimeAxisVals\(_tzDate, timeAxisStamps\(\(ms.*\);/g, 'numAxisVals;'],
  [/\btimeSeriesVal\(_tzDate, timeSeriesStamp\(_time.*\);/g, 'numSeriesVal;'],
  [/\bisStr\(sv\) \? .* : sv \|\| _timeSeriesVal/g, 'sv || _timeSeriesVal'],
  [/\bisArr\(av\) \?\s+timeAxisVals[\s\S]*?av \|\| _timeAxisVals/g, 'av || _timeAxisVals'],
  [/^\s*\(?paths\.(?:stepped|bars|spline)\s*= \w+\)?;$/gm, ''],
  [
    /^\s*uPlot\.(?:join|fmtDate|sync|addGap|clipGaps|rangeNum|rangeLog|rangeAsinh|orient|fmtNum|assign)\s*= \w+;$/gm,
    '',
  ],
  [
    /^\s*self\.(?:addSeries|delSeries|setSeries|batch|addBand|setBand|delBand|valToIdx|posToIdx|setLegend|pub) = .*;$/gm,
    '',
  ],
  [/^\s*events\.(?:mouse\w+|dblclick) = \w+;$/gm, ''],
  [/\bsyncOpts\.setSeries\b/g, 'false'],
  // No series comes to the fore, and each has its own dot; no borders, round corners or slanted labels.
  [/\bcursor(?:OnePt|Focus)\b(?! =)/g, 'false'],
  [/\bborder\.show\b/g, 'false'],
  [/^\s*axis\.border\.stroke\s*= .*;$/gm, ''],
  [/\bendRad == 0 && baseRad == 0\b/g, 'true'],
  [/\baxis\._rotate \* -PI\/180/g, '0'],
  [/\bxScaleDistr == \d\b/g, 'false'],
  [/\bshowCursor\b(?=\))/g, 'true'],
  [/\bopts\.ms \|\| 1e-3/g, '1e-3'],
  [/(?<=^const font\s*= )'12px .*';$/gm, "'12px x';"],
  [/(?<=^const legendOpts = )\{[\s\S]*?^\};/gm, '{ idx: null, markers: {}, values: [] };'],
  [/(?<=^\tconst syncOpts = )assign\(\{[\s\S]*?^\t\}, cursor\.sync\);/gm, '0;'],
  [/^\tif \(syncOpts\.match\.length == 2\)\n.*;$/gm, ''],
  [/^\tconst syncKey = .*;$/gm, ''],
  [/^\s*events\["setSeries"\] = [\s\S]*?\n\t\};$/gm, ''],
  [/^\s*(?:sync\.(?:un)?sub\(self\)|cursor\.sync = syncOpts|const sync = _sync\(syncKey\));$/gm, ''],
];

const slimUplot: Plugin = {
  name: 'slim-uplot',
  transform(code, id) {
    if (!id.includes('uPlot.esm')) return;
    let slim = code;
    for (const [asked, answer] of answers) {
      const before = slim;
      slim = slim.replace(asked, answer);
      if (slim === before) this.error(`uPlot has changed: nothing in it matches ${asked}`);
    }
    return { code: slim, map: null };
  },
};

/**
 * What the bundler's minifier left is gone over once more: constants, functions that are called once, and what is
 * unused then. 0.8 kB less over the wire for a second of building; all that terser knows takes three.
 */
const minifyAgain: Plugin = {
  name: 'minify-again',
  apply: 'build',
  async generateBundle(_options, bundle) {
    const compress = {
      defaults: false,
      evaluate: true,
      inline: 3,
      reduce_funcs: true,
      reduce_vars: true,
      toplevel: true,
      unused: true,
    };
    for (const output of Object.values(bundle)) {
      if (output.type !== 'chunk') continue;
      const { code } = await minify(output.code, { module: true, ecma: 2020, mangle: false, compress });
      output.code = code ?? output.code;
    }
  },
};

/** The page is built into `dist/web` and served by the service; in `dev` the service is asked through a proxy. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  logLevel: 'warn',
  plugins: [slimUplot, minifyAgain],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../../dist/web',
    emptyOutDir: true,
    target: 'es2023',
    // A strict content security policy stays possible: nothing inline, no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  server: {
    host: '127.0.0.1',
    proxy: {
      '/api': { target: service, ws: true },
      '/readyz': service,
      '/healthz': service,
    },
  },
});
