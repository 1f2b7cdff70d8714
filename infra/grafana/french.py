"""The texts of the dashboards in French, by their English ones."""

FRENCH = {
    "Ingestion runs": "Exécutions d'ingestion",
    "Runs of ingestions: their health, reliability and performance, and what failed.": (
        "Exécutions des ingestions : santé, fiabilité, performance et échecs."
    ),
    "Other language": "Autre langue",
    "Source": "Source",
    "Object": "Objet",
    "Company": "Entreprise",
    "Zone": "Zone",
    "Window": "Fenêtre",
    "Freshness (minutes)": "Fraîcheur (minutes)",
    "1. Overview: the ingestion's health": "1. Vue d'ensemble : santé de l'ingestion",
    "2. Reliability: errors and service levels": "2. Fiabilité : erreurs et niveaux de service",
    "3. Performance: latency and throughput": "3. Performance : latence et débit",
    "4. Details by connector: sources and objects": "4. Détails par connecteur : sources et objets",
    "5. Last error messages": "5. Derniers messages d'erreur",
    "Successes": "Succès",
    "Failures": "Échecs",
    "Runs": "Exécutions",
    "Runs by state": "Exécutions par état",
    "Runs that were counted in the chosen period.": "Exécutions comptées pendant la période choisie.",
    "Last run of each object": "Dernière exécution de chaque objet",
    "How many objects' last run succeeded, and how many failed.": (
        "Nombre d'objets dont la dernière exécution a réussi, et de ceux dont elle a échoué."
    ),
    "Failure rate": "Taux d'échec",
    "Of the runs that were counted in the chosen period. The limit is 2 %.": (
        "Parmi les exécutions comptées pendant la période choisie. Le seuil est de 2 %."
    ),
    "Duration (p95)": "Durée (p95)",
    "95 % of the runs took no longer; estimated from the histogram's buckets. The limit is 60 s.": (
        "95 % des exécutions n'ont pas duré plus longtemps ; estimation d'après les classes de l'histogramme. "
        "Le seuil est de 60 s."
    ),
    "Maximum memory": "Mémoire maximale",
    "The most that a run took which began in the chosen period. The limit is 150 MB (of 1,048,576 bytes).": (
        "Le maximum utilisé par une exécution commencée pendant la période choisie. "
        "Le seuil est de 150 Mo (de 1 048 576 octets)."
    ),
    "Timeline of runs": "Chronologie des exécutions",
    "Runs by state, when they were counted.": "Exécutions par état, au moment où elles ont été comptées.",
    "Slowest sources (p95 of the duration)": "Sources les plus lentes (p95 de la durée)",
    "The ten sources whose runs take longest, in the chosen period.": (
        "Les dix sources dont les exécutions durent le plus longtemps, pendant la période choisie."
    ),
    "Failure rate, in all and by source": "Taux d'échec, global et par source",
    "Of the runs counted in the window that ends at each point. The limit is 2 %.": (
        "Parmi les exécutions comptées dans la fenêtre qui se termine à chaque point. Le seuil est de 2 %."
    ),
    "All sources": "Toutes les sources",
    "Alerts": "Alertes",
    "The rules about ingestion that fire, or are about to.": (
        "Les règles d'ingestion qui sont déclenchées, ou sur le point de l'être."
    ),
    "MTTR": "MTTR",
    "MTTR by source and object": "MTTR par source et objet",
    "From the start of a run that failed to the end of the next one that succeeded of the same source and object, "
    "on average of what recovered in the chosen period.": (
        "Du début d'une exécution en échec à la fin du succès suivant de la même source et du même objet ; moyenne des "
        "rétablissements de la période choisie."
    ),
    "Freshness (SLO)": "Fraîcheur (SLO)",
    "The share of sources whose last run is no older than the chosen freshness. All should be.": (
        "Part des sources dont la dernière exécution ne dépasse pas la fraîcheur choisie. Toutes devraient y être."
    ),
    "Time since the last run, by source": "Temps écoulé depuis la dernière exécution, par source",
    "Red from 75 minutes on, when the alert fires.": "En rouge à partir de 75 minutes, quand l'alerte se déclenche.",
    "Duration by source (p50, p95, p99)": "Durée par source (p50, p95, p99)",
    "Of the runs counted in the window that ends at each point. The limit is 60 s.": (
        "Parmi les exécutions comptées dans la fenêtre qui se termine à chaque point. Le seuil est de 60 s."
    ),
    "Duration by source and object": "Durée par source et objet",
    "Of the runs counted in the chosen period.": "Parmi les exécutions comptées pendant la période choisie.",
    "Throughput: runs per 5 min, by source": "Débit : exécutions par 5 min, par source",
    "Runs counted in five minutes; in wide bars, their mean.": (
        "Exécutions comptées en cinq minutes ; dans les barres plus larges, leur moyenne."
    ),
    "Of the runs counted in the window that ends at each point.": (
        "Parmi les exécutions comptées dans la fenêtre qui se termine à chaque point."
    ),
    "CPU time by source (p95)": "Temps CPU par source (p95)",
    "Memory by source (p95)": "Mémoire par source (p95)",
    "The last 500 runs that began in the chosen period. Each column can be filtered.": (
        "Les 500 dernières exécutions commencées pendant la période choisie. Chaque colonne peut être filtrée."
    ),
    "Start": "Début",
    "End": "Fin",
    "State": "État",
    "Duration": "Durée",
    "CPU time": "Temps CPU",
    "Memory": "Mémoire",
    "Description": "Description",
    "Transformation": "Transformation",
    "Last 5 failures": "5 derniers échecs",
    "The runs that failed last, of those that began in the chosen period.": (
        "Les dernières exécutions en échec parmi celles qui ont commencé pendant la période choisie."
    ),
    # An API's performance
    "API performance": "Performance de l'API",
    "An API's requests: response time, errors, availability, and what is left of its error budget.": (
        "Les requêtes d'une API : temps de réponse, erreurs, disponibilité et budget d'erreur restant."
    ),
    "Measured by": "Mesuré par",
    "Service": "Service",
    "Route": "Route",
    "1. Overview: the service level": "1. Vue d'ensemble : niveau de service",
    "2. Response time": "2. Temps de réponse",
    "3. Errors": "3. Erreurs",
    "4. Objectives and error budget": "4. Objectifs et budget d'erreur",
    "Of the requests that were counted in the chosen period.": (
        "Parmi les requêtes comptées pendant la période choisie."
    ),
    "Requests": "Requêtes",
    "Availability": "Disponibilité",
    "Within 2 s": "En moins de 2 s",
    "Response time (p95)": "Temps de réponse (p95)",
    "Errors 5xx": "Erreurs 5xx",
    "Errors 4xx": "Erreurs 4xx",
    "Requests per second": "Requêtes par seconde",
    "By class of status. A batch of a log is counted at once, when it is read.": (
        "Par classe de statut. Un lot de journal est compté d'un coup, au moment où il est lu."
    ),
    "The rules about the API that fire, or are about to.": (
        "Les règles sur l'API qui sont déclenchées, ou sur le point de l'être."
    ),
    "Of the requests counted in the window that ends at each point. The service level is 2 s.": (
        "Parmi les requêtes comptées dans la fenêtre qui se termine à chaque point. Le niveau de service est de 2 s."
    ),
    "The ten routes whose requests take longest, in the chosen period.": (
        "Les dix routes dont les requêtes prennent le plus de temps, pendant la période choisie."
    ),
    "The ten routes with most requests, in the chosen period.": (
        "Les dix routes les plus demandées, pendant la période choisie."
    ),
    "Mean": "Moyenne",
    "Response time (mean, p50, p95, p99)": "Temps de réponse (moyenne, p50, p95, p99)",
    "Response time by service (p95)": "Temps de réponse par service (p95)",
    "Response time by route (p95)": "Temps de réponse par route (p95)",
    "Requests by route": "Requêtes par route",
    "Of the requests counted in the window that ends at each point.": (
        "Parmi les requêtes comptées dans la fenêtre qui se termine à chaque point."
    ),
    "Errors 5xx by service": "Erreurs 5xx par service",
    "Errors 4xx by service": "Erreurs 4xx par service",
    "What was answered with 4xx and 5xx most, in the chosen period.": (
        "Ce qui a reçu le plus de réponses 4xx et 5xx, pendant la période choisie."
    ),
    "Errors by route": "Erreurs par route",
    "Of an hour, by service. The objective is 99 %.": "Sur une heure, par service. L'objectif est de 99 %.",
    "Of the errors that the objective allows (1 %), those that were not made within 7 days; below 0 it is missed.": (
        "Part des erreurs permises par l'objectif (1 %) qui n'ont pas été commises en 7 jours ; sous 0, il est manqué."
    ),
    "How many times as fast as the objective allows errors are made, by the worst service. An alert: 14.4 in 1 h.": (
        "Vitesse à laquelle le pire service commet des erreurs ; 1 : ce que l'objectif permet. Alerte : 14,4 sur 1 h."
    ),
    "Availability by service": "Disponibilité par service",
    "Within 2 s, by service": "En moins de 2 s, par service",
    "Error budget": "Budget d'erreur",
    "Error budget left (7 days)": "Budget d'erreur restant (7 jours)",
    # Machines and applications
    "System metrics": "Métriques système",
    "What machines and applications use: processors, memory, disks and network.": (
        "Ce qu'utilisent les machines et les applications : processeurs, mémoire, disques et réseau."
    ),
    "Machine": "Machine",
    "1. Overview: the machines": "1. Vue d'ensemble : les machines",
    "2. Processors, memory, disks and network": "2. Processeurs, mémoire, disques et réseau",
    "3. Applications": "3. Applications",
    "Of the machine where it is highest, now.": "De la machine où la valeur est la plus haute, maintenant.",
    "Processors": "Processeurs",
    "Disk": "Disque",
    "Load per processor": "Charge par processeur",
    "On average of the window that ends at each point.": "En moyenne sur la fenêtre qui se termine à chaque point.",
    "read": "lecture",
    "written": "écriture",
    "received": "réception",
    "sent": "envoi",
    "Processors, by machine": "Processeurs, par machine",
    "Processor time, by mode": "Temps processeur, par mode",
    "Memory used, by machine": "Mémoire utilisée, par machine",
    "Without what can be freed.": "Sans ce qui peut être libéré.",
    "Disks, by file system": "Disques, par système de fichiers",
    "What is used of each, now.": "La part utilisée de chacun, maintenant.",
    "Disks: bytes per second": "Disques : octets par seconde",
    "Network: bytes per second": "Réseau : octets par seconde",
    "Of applications with metrics of their own; on average of the window that ends at each point.": (
        "Des applications qui ont leurs propres métriques ; en moyenne sur la fenêtre qui se termine à chaque point."
    ),
    "Processor time, by application": "Temps processeur, par application",
    "Memory, by application": "Mémoire, par application",
    # Drift
    "Drift of models": "Dérive des modèles",
    "How far what models are given and answer has moved from what they were trained on, as trilog drift finds it.": (
        "L'écart entre ce que les modèles reçoivent et répondent et leur jeu d'entraînement, d'après trilog drift."
    ),
    "Model": "Modèle",
    "1. Overview: the last run of each model": "1. Vue d'ensemble : le dernier calcul de chaque modèle",
    "2. Features": "2. Variables",
    "3. Runs": "3. Calculs",
    "Of the last run of each model that is chosen.": "D'après le dernier calcul de chaque modèle choisi.",
    "Models with drift": "Modèles en dérive",
    "Features that drifted": "Variables en dérive",
    "Largest share of features": "Part la plus élevée de variables en dérive",
    "Time since the last run": "Temps écoulé depuis le dernier calcul",
    "Rules on drift that fire, or are about to.": "Les règles sur la dérive qui sont déclenchées ou vont l'être.",
    "Share of features that drifted": "Part des variables en dérive",
    "By model.": "Par modèle.",
    "By Wasserstein, Jensen-Shannon or PSI; a feature has drifted where chance does not explain it, too.": (
        "Selon Wasserstein, Jensen-Shannon ou PSI ; il y a dérive si, en outre, le hasard n'explique pas l'écart."
    ),
    "Scores, by feature": "Scores, par variable",
    "Of the last run; of ks, the p-value.": "D'après le dernier calcul ; pour ks, la valeur p.",
    "Scores, in thresholds": "Scores, en multiples du seuil",
    "Drifted: 1, or 0": "En dérive : 1, sinon 0",
    "By feature, as the run decided.": "Par variable, d'après le verdict du calcul.",
    "Thresholds, by feature": "Seuils, par variable",
    "As configured.": "Tels qu'ils sont configurés.",
    "due": "attendu",
    "Without a schedule in the configuration, no run is due.": (
        "Sans fréquence dans la configuration, aucun calcul n'est attendu."
    ),
    "Rows compared": "Lignes comparées",
    "Of the reference and of the predictions.": "De la référence et des prédictions.",
    "Time since the last run, by model": "Temps écoulé depuis le dernier calcul, par modèle",
}
