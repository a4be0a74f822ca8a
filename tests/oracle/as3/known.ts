import type { Known } from '../judge.ts';

const MODEL = 'The engine’s text is that of the model below it, not of AS3.';

/**
 * Why the lab is not as F5's AS3. `npm run oracle -- as3` fails if there are other differences, or
 * if one of these is gone.
 */
export const KNOWN: readonly Known[] = [
  {
    what: 'The number of lines of a script (`lineCount`), where it is not 0',
    why: 'The lab writes up to five lines fewer for some changes. Sluice only estimates with it how long a declare takes.',
    shows: /^answer\.results\[\w+\]\.lineCount: [1-9]\d*, lab [1-9]\d*$/,
  },
  {
    what: 'The text of a refusal by the schema',
    why: 'The schema of the lab has its own words for a value that is not in a list. The property is the same.',
    shows:
      /^answer\.errors: \["(\/[\w/]+): should be equal to one of .*, lab \["\1: Invalid option: /,
  },
  {
    what: 'The tenant of a refusal because of the `schemaVersion`, which the lab does not name',
    why: 'Such a refusal concerns the whole declaration.',
    shows: /^answer\.tenant: \["k8s"\], lab absent$/,
    within: /^schemaVersion too new #/,
  },
  {
    what: 'The tenant in the answer if AS3 cannot read the provisioned modules, which only the lab names',
    why: 'Sluice takes the tenant from its request.',
    shows: /^answer\.tenant: absent, lab \["k8s"\]$/,
    within: /^\/tm\/sys\/provision \d+ #/,
  },
  {
    what: 'The kind of object in `01020036:3: The requested … was not found.`',
    why: MODEL,
    shows:
      /^answer\.message: "(01020036:3: The requested )\w+ \(\/?(.*\) was not found\.)", lab "\1\w+ \(\/?\2"$/,
  },
  {
    what: 'The code of `Invalid Node, the IP address … already exists.`: 0107176e, in the lab 0107176c',
    why: MODEL,
    shows:
      /^answer\.results\[\w+\]\.response: "0107176e:3: (Invalid Node, .*)", lab "0107176c:3: \1"$/,
  },
  {
    what: 'The list of what two virtual servers share in 01070333',
    why: MODEL,
    shows:
      /^answer\.results\[\w+\]\.response: "(01070333:3: .* illegally shares )[^.]*\.", lab "\1[^.]*\."$/,
  },
  {
    what: 'An impossible `session` or `state` of a node, which the lab refuses',
    why: 'The model below the engine takes any value.',
    shows:
      /^answer\.(status: 200, lab 400|code: absent, lab 400|message: absent, lab "01070734:3: Configuration error: invalid property value )/,
    within: /^rest errors #[79]$/,
  },
  {
    what: 'The `session` or `state` of a node after it was written',
    why: 'The model below the engine shows the written value; a device shows what its monitors found.',
    shows: /^node\.(session: "bogus", lab "user-enabled"|state: "(user-)?up", lab "unchecked")$/,
  },
];
