import type { IDisplayOptions, INodeProperties } from 'n8n-workflow';

/** The fields, each shown only where `show` holds, too. */
export function shownFor(
	show: IDisplayOptions['show'],
	...fields: INodeProperties[]
): INodeProperties[] {
	return fields.map((field) => ({
		...field,
		displayOptions: { show: { ...show, ...field.displayOptions?.show } },
	}));
}
