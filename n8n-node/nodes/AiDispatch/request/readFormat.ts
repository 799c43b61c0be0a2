import type { IDataObject } from 'n8n-workflow';
import { UserError } from 'n8n-workflow';

import { parseJson } from './parseJson';

/** The format the sidecar is asked for: `text`, `json` or a JSON schema; nothing when none was chosen. */
export function readFormat(chosen?: { kind?: unknown; schema?: unknown }): unknown {
	return chosen?.kind === 'schema' ? readSchema(chosen.schema) : chosen?.kind;
}

function readSchema(value: unknown): IDataObject {
	const schema = typeof value === 'string' ? parseJson(value) : value;
	if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
		throw new UserError("'JSON Schema' is not a JSON object", {
			description: 'Give a schema such as {"type": "object", "properties": {…}}.',
		});
	}
	return schema as IDataObject;
}
