import type { Tool } from '@n8n/ai-node-sdk';
import type { IDataObject } from 'n8n-workflow';

import type { Sdk } from '../Sdk';

/** A tool of an agent in the form of the OpenAI API; nothing for those that only a provider in the cloud has. */
export function wireTool(sdk: Sdk, tool: Tool): IDataObject[] {
	if (tool.type !== 'function') return [];
	const parameters = sdk.getParametersJsonSchema(tool) as unknown as IDataObject;
	const { name, description } = tool;
	return [{ type: 'function', function: { name, description, parameters } }];
}
