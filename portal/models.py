"""Who may come in: offices, withholding agents, users, and what they did."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import RawSQL
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.identity_numbers import same_person_number
from portal.sealing import BlindIndexField, SealedField

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

SUBTREE = """
    WITH RECURSIVE subtree AS (
        SELECT id FROM portal_office WHERE id = %s
        UNION
        SELECT office.id FROM portal_office AS office JOIN subtree ON office.parent_id = subtree.id
    )
    SELECT id FROM subtree
"""


class OfficeQuerySet(models.QuerySet["Office"]):
    def subtree_of(self, office_id: int) -> OfficeQuerySet:
        """Return the office and everything below it, in one query."""
        return self.filter(pk__in=RawSQL(SUBTREE, [office_id]))  # noqa: S611  a constant


class Office(models.Model):
    """A tax office, from the bureau (the root) down to a 税务所."""

    ROOT_CODE: ClassVar[str] = "0"

    code = models.CharField(_("机关代码"), max_length=40, unique=True)
    name = models.CharField(_("机关名称"), max_length=200)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )

    objects = OfficeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="office_without_parent_is_the_root",
                condition=Q(parent__isnull=False, code__gt="") & ~Q(code="0")
                | Q(parent=None, code="0"),
            ),
            models.CheckConstraint(
                name="office_is_not_its_own_parent",
                condition=Q(parent=None) | ~Q(parent=F("pk")),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class WithholdingAgentQuerySet(models.QuerySet["WithholdingAgent"]):
    def visible_to(self, user: User | AnonymousUser) -> WithholdingAgentQuerySet:
        """Return the agents that a user may read about.

        An agent sees itself; staff who read tax data see the agents of their office's subtree.
        """
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        if user.agent_id is not None:
            return self.filter(pk=user.agent_id)
        if user.role in User.ROLES_THAT_READ_TAX_DATA and user.office_id is not None:
            return self.filter(office__in=Office.objects.subtree_of(user.office_id).values("pk"))
        return self.none()


class WithholdingAgent(models.Model):
    """A withholding agent (扣缴义务人): the registration's newest version, and its contact data.

    The feed writes the registration, the agent itself the three `contact_` fields and nothing else.
    """

    class Status(models.TextChoices):
        NORMAL = "01", _("正常")
        ABNORMAL = "02", _("非正常")
        IN_TRANSIT = "03", _("在途")
        SUSPENDED = "04", _("停业")
        DEREGISTERED = "05", _("注销")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    computer_code = models.CharField(_("计算机代码"), max_length=8, unique=True)
    collection_code = models.TextField(_("征收管理码"), null=True, blank=True, unique=True)
    credit_code = models.CharField(_("统一社会信用代码"), max_length=18, blank=True)
    name = models.TextField(_("单位名称"))
    document_type = models.CharField(_("证件种类"), max_length=2)
    document_number = SealedField(kind="document_number")
    document_index = BlindIndexField(
        of=["document_number"], key="enrolment", normalise=same_person_number
    )
    status = models.CharField(_("登记状态"), max_length=2, choices=Status)
    office = models.ForeignKey(
        Office, on_delete=models.PROTECT, null=True, blank=True, related_name="agents"
    )
    administrator = models.TextField(_("税收管理员"), blank=True)
    address = models.TextField(_("地址"), blank=True)
    postcode = models.TextField(_("邮政编码"), blank=True)
    telephone = SealedField(kind="telephone")
    tax_withheld_last_year = models.DecimalField(
        _("上年度扣缴税额"), max_digits=20, decimal_places=2, null=True, blank=True
    )
    registered_at = models.DateTimeField(_("登记信息更新时间"))
    registration_index = models.BinaryField(max_length=32)

    contact_name = models.CharField(_("联系人"), max_length=50, blank=True)
    contact_telephone = SealedField(kind="telephone")
    contact_email = SealedField(kind="email")

    objects = WithholdingAgentQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(name="agent_by_office", fields=["office"])]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def create_user(self, login: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(login=login, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """Somebody who logs in: one per withholding agent, one per member of staff."""

    class Role(models.TextChoices):
        OFFICER = "officer", _("税务人员")
        OPERATOR = "operator", _("运行人员")
        ACCOUNT_ADMIN = "account_admin", _("账户管理员")
        AUDITOR = "auditor", _("审计人员")
        SUPERVISOR = "supervisor", _("监督人员")

    ROLES_THAT_READ_TAX_DATA: ClassVar[frozenset[str]] = frozenset(
        {Role.OFFICER, Role.AUDITOR, Role.SUPERVISOR}
    )

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    login = models.CharField(_("登录账号"), max_length=30, unique=True)
    name = models.CharField(_("姓名"), max_length=50, blank=True)
    agent = models.OneToOneField(
        WithholdingAgent, on_delete=models.PROTECT, null=True, blank=True, related_name="user"
    )
    role = models.CharField(_("岗位"), max_length=13, choices=Role, null=True, blank=True)  # noqa: DJ001  none for an agent
    office = models.ForeignKey(
        Office, on_delete=models.PROTECT, null=True, blank=True, related_name="staff"
    )
    is_active = models.BooleanField(default=True)
    password_is_initial = models.BooleanField(default=False)
    initial_password_expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "login"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="user_is_an_agent_or_has_one_role_at_one_office",
                condition=Q(agent__isnull=False, role=None, office=None)
                | Q(agent=None, role__isnull=False, office__isnull=False),
            ),
            models.CheckConstraint(
                name="user_initial_password_has_an_end",
                condition=Q(password_is_initial=False, initial_password_expires_at=None)
                | Q(password_is_initial=True, initial_password_expires_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.login

    @property
    def is_staff_member(self) -> bool:
        return self.role is not None


class Attempt(models.Model):
    """How often something was tried in one window of time; the key is a keyed digest."""

    key = models.CharField(max_length=80)
    window = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="attempt_one_count_per_key_and_window", fields=["key", "window"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.count} since {self.window:%Y-%m-%d %H:%M}"


class KnownDevice(models.Model):
    """An address or a device cookie (as a keyed digest) from which a user has logged in."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="known_devices")
    key = models.BinaryField(max_length=32)
    last_seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="known_device_once_per_user", fields=["user", "key"])
        ]

    def __str__(self) -> str:
        return f"{self.user} since {self.last_seen_at:%Y-%m-%d}"


class RecoveryCode(models.Model):
    """A code that stands in for a member of staff's second factor, once; a keyed digest of it."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.BinaryField(max_length=32, unique=True)
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.user}, {'used' if self.used_at else 'unused'}"


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def owned_by(self, user: User | AnonymousUser) -> ApiTokenQuerySet:
        """Return the tokens of the user's agent; staff have none."""
        if not isinstance(user, User) or not user.is_active or user.agent_id is None:
            return self.none()
        return self.filter(agent=user.agent_id)

    def in_force(self, now: datetime) -> ApiTokenQuerySet:
        return self.filter(revoked_at=None, expires_at__gt=now)


class ApiToken(models.Model):
    """What an agent's payroll software comes in with: a keyed digest of it, and until when."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    agent = models.ForeignKey(WithholdingAgent, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(_("用途"), max_length=50)
    digest = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField(_("创建时间"))
    expires_at = models.DateTimeField(_("有效期至"))
    revoked_at = models.DateTimeField(null=True)
    # To the minute: not every request writes.
    last_used_at = models.DateTimeField(_("最近使用"), null=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="api_token_ends_after_it_was_made",
                condition=Q(expires_at__gt=F("created_at")),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AuditEntry(models.Model):
    """Who did what to which agent, when, whence, and how it ended. Never changed or deleted."""

    class Action(models.TextChoices):
        LOGIN = "login", _("登录")
        LOGOUT = "logout", _("退出")
        ENROLMENT = "enrolment", _("获取初始密码")
        PASSWORD = "password", _("修改密码")
        PASSWORD_RESET = "password_reset", _("重置密码")
        SECOND_FACTOR = "second_factor", _("第二重验证")
        CONTACT = "contact", _("修改联系信息")
        REVEAL = "reveal", _("查看完整号码")
        FILING = "filing", _("申报")
        IMPORT = "import", _("导入")
        CORRECTION = "correction", _("更正隔离记录")
        MONTH = "month", _("打开或关闭月份")
        ROLE = "role", _("岗位")
        EXPORT = "export", _("导出")
        SETTING = "setting", _("设置")
        TOKEN = "token", _("接口令牌")

    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    agent = models.ForeignKey(
        WithholdingAgent, on_delete=models.PROTECT, null=True, related_name="+"
    )
    action = models.CharField(max_length=14, choices=Action)
    outcome = models.CharField(max_length=40)
    address = models.CharField(max_length=45, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(name="audit_by_agent", fields=["agent", "at"]),
            models.Index(name="audit_by_user", fields=["user", "at"]),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.action} {self.outcome}"


class JobQuerySet(models.QuerySet["Job"]):
    def owned_by(self, user: User | AnonymousUser) -> JobQuerySet:
        """Return the jobs of the user's agent; of a member of staff, those of their own."""
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        if user.agent_id is not None:
            return self.filter(agent=user.agent_id)
        return self.filter(user=user, agent=None)

    def unfinished(self) -> JobQuerySet:
        return self.filter(finished_at=None)


class Job(models.Model):
    """Work that takes longer than a page may: who asked for it, how far it is, how it ended.

    In the clear it holds no personal data. What came with it stands in its JobInput; what is to be
    said at its end, in `sentence` and `report`, sealed.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("job", "排队中")
        RUNNING = "running", pgettext_lazy("job", "进行中")
        DONE = "done", pgettext_lazy("job", "已完成")
        REFUSED = "refused", pgettext_lazy("job", "未通过")
        CANCELLED = "cancelled", pgettext_lazy("job", "已取消")
        STOPPED = "stopped", pgettext_lazy("job", "系统未能完成")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=60)  # of those registered in portal.jobs
    subject = models.UUIDField()  # the public id of what it works on
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    agent = models.ForeignKey(
        WithholdingAgent, on_delete=models.PROTECT, null=True, related_name="+"
    )
    language = models.CharField(max_length=10)
    parameters = models.JSONField(default=dict)
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    phase = models.CharField(max_length=20, blank=True)
    done = models.PositiveIntegerField(null=True)
    total = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    cancel_asked_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    result = models.JSONField(default=dict)
    error_code = models.CharField(max_length=40, blank=True)
    sentence = SealedField(null=True)  # type: ignore[misc]  # typed for columns with a value
    report = SealedField(null=True)  # type: ignore[misc]

    objects = JobQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="job_that_ended_says_when",
                condition=Q(state__in=["waiting", "running"], finished_at=None)
                | Q(
                    state__in=["done", "refused", "cancelled", "stopped"],
                    finished_at__isnull=False,
                ),
            ),
            models.UniqueConstraint(
                name="job_one_unfinished_per_kind_and_subject",
                fields=["kind", "subject"],
                condition=Q(finished_at=None),
            ),
        ]
        indexes = [
            # Holds the jobs with work and no others: the sweep reads just these.
            models.Index(name="job_to_run", fields=["created_at"], condition=Q(finished_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference} {self.state}"

    def get_absolute_url(self) -> str:
        return reverse("job", kwargs={"public_id": self.public_id})

    @property
    def reference(self) -> str:
        """What somebody reads out on the telephone: the beginning of the public id."""
        return str(self.public_id)[:8].upper()


class JobInput(models.Model):
    """What came with a job, sealed: the bytes of an upload, in base64. Gone when the job is done.

    A job that stopped keeps it, to be tried again.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="input")
    content = SealedField()

    def __str__(self) -> str:
        return f"input of {self.job}"


class JobFile(models.Model):
    """A file that a job made for its owner, sealed: compressed, in base64. Gone after some days."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="files")
    number = models.PositiveSmallIntegerField()
    content = SealedField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="job_file_one_per_job_and_number", fields=["job", "number"]
            ),
        ]

    def __str__(self) -> str:
        return f"file {self.number} of {self.job}"
