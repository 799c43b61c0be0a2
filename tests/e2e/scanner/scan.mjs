// Scans package folders with n8n's scanner, offline. Arguments: the scanner's folder, "source" or "published", the package.
// Prints what the scanner found as JSON.
import { pathToFileURL } from 'node:url';

const [scanner, leg, folder] = process.argv.slice(2);
const module = `${scanner}/node_modules/@n8n/scan-community-package/scanner/scanner.mjs`;
const { analyzePackage, SOURCE_FILE_PATTERNS } = await import(pathToFileURL(module));
// What the scanner takes for the two: the sources that the proof of origin names, and what npm gives out.
const patterns = { source: SOURCE_FILE_PATTERNS, published: ['**/*.js', 'package.json'] }[leg];
const { passed, message, details } = await analyzePackage(folder, patterns);
console.log(JSON.stringify({ passed, message, details }));
